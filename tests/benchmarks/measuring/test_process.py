import itertools
import os
import sys
import threading
import time

import numpy as np
import pytest

from benchmarks.measuring.process import CpuClock, MemoryWatch, Metered, anonymous_mib

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

BLOCK_MIB = 64


def test_touched_memory_is_seen_and_so_is_its_return() -> None:
    before = anonymous_mib(os.getpid())
    block = np.ones(BLOCK_MIB * 2**20, np.uint8)
    during = anonymous_mib(os.getpid())
    del block
    assert during - before > BLOCK_MIB - 1
    assert during - anonymous_mib(os.getpid()) > BLOCK_MIB - 1


def test_a_watch_keeps_the_peak_after_the_memory_is_gone() -> None:
    with MemoryWatch(os.getpid()) as watch:
        before = watch.peak_mib
        block = np.ones(BLOCK_MIB * 2**20, np.uint8)
        while watch.peak_mib < before + BLOCK_MIB - 1:  # the test's own time limit ends a watch that sees nothing
            pass
        del block
    assert watch.peak_mib - anonymous_mib(os.getpid()) > BLOCK_MIB / 2


def test_memory_of_a_process_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(OSError, match="No such"):
        anonymous_mib(2**22 + 1)


def test_the_clock_counts_the_work_of_every_thread() -> None:
    own: list[float] = []

    def work() -> None:
        while time.thread_time() < 0.01:
            pass
        own.append(time.thread_time())

    clock = CpuClock(os.getpid())
    before, own_before = clock.seconds(), time.thread_time()
    others = [threading.Thread(target=work) for _ in range(2)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert len(own) == 2
    assert clock.seconds() - before >= sum(own) > time.thread_time() - own_before


def test_the_clock_of_a_process_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(OSError, match="No such"):
        CpuClock(2**22 + 1)


class FakeClock(CpuClock):
    """Says that it used one share of a core after another."""

    def __init__(self, *increments: float) -> None:
        self._used = itertools.accumulate(increments)

    def seconds(self) -> float:
        return next(self._used)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


def test_quiet_is_when_a_window_passes_with_next_to_no_work(no_waiting: list[float]) -> None:
    FakeClock(0.0, 0.1, 0.0, 0.05, 0.0, 0.001).wait_until_quiet(window_s=0.1, share=0.02)
    assert no_waiting == [0.1] * 3


def test_a_process_that_never_becomes_quiet_is_an_error(no_waiting: list[float]) -> None:
    with pytest.raises(TimeoutError, match="still busy after 0 s"):
        FakeClock(1.0, 1.0).wait_until_quiet(patience_s=0)


def test_what_a_measurement_costs_is_noted_from_the_second_time_on() -> None:
    clock = CpuClock(os.getpid())

    def work() -> float:
        until = clock.seconds() + 0.01
        while clock.seconds() < until:
            pass
        return 42.0

    metered = Metered(os.getpid(), work)
    assert [metered(), metered(), metered()] == [42.0] * 3
    assert len(metered.used.values) == 2
    assert min(metered.used.values) >= 0.01
