"""What work costs this process."""

import numpy as np
import pytest

from benchmarks.growth.costs import milliseconds, peak_mib


def test_memory_is_the_most_that_arrays_took_at_once() -> None:
    def work() -> None:
        for _ in range(3):
            np.ones(2**20, np.uint8)
        np.ones((2, 2**20), np.uint8)

    assert peak_mib(work) == pytest.approx(2.0, abs=0.1)


def test_memory_held_before_does_not_count_and_none_is_still_above_nothing() -> None:
    held = np.ones(2**20, np.uint8)
    assert 0.0 < peak_mib(held.sum) < 0.1


def test_time_is_of_the_work_and_not_negative() -> None:
    done: list[bool] = []
    assert milliseconds(lambda: done.append(True)) >= 0.0
    assert done == [True]
