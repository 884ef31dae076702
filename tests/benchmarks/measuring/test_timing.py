import itertools
import time
from collections.abc import Callable

import pytest

from benchmarks.measuring.timing import Samples, interleaved, rate, ratio


def test_contestants_take_turns_and_the_first_round_is_not_counted() -> None:
    turns: list[str] = []

    def contestant(name: str) -> Callable[[], float]:
        def take_turn() -> float:
            turns.append(name)
            return float(len(turns))

        return take_turn

    measured = interleaved({"a": contestant("a"), "b": contestant("b")}, repeats=3)
    assert turns == ["a", "b"] * 4
    assert measured == {"a": Samples((3.0, 5.0, 7.0)), "b": Samples((4.0, 6.0, 8.0))}


def test_the_ratio_is_taken_turn_by_turn_so_that_a_slow_phase_drops_out() -> None:
    ours, theirs = Samples((100.0, 50.0, 100.0, 10.0)), Samples((80.0, 40.0, 80.0, 8.0))
    assert ratio(ours, theirs).values == (1.25, 1.25, 1.25, 1.25)
    assert ratio(ours, theirs).spread == 0


def test_contestants_of_different_length_have_no_ratio() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratio(Samples((1.0, 2.0)), Samples((1.0,)))


def test_the_spread_is_the_distance_of_the_quartiles_over_the_median() -> None:
    samples = Samples((1.0, 2.0, 3.0, 4.0, 5.0))
    assert samples.median == 3.0
    assert samples.spread == pytest.approx((4.0 - 2.0) / 3.0)
    assert samples.worst == 5.0


def test_one_sample_alone_has_no_spread() -> None:
    assert Samples((7.0,)).spread == 0.0


def test_a_rate_is_the_amount_over_the_threads_processor_time(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count(start=10.0, step=0.5)
    monkeypatch.setattr(time, "thread_time", lambda: next(ticks))
    done = []
    assert rate(30.0, lambda: done.append(True)) == 60.0
    assert done == [True]
