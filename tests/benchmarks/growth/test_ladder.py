"""Ladders of costs that are computed, not measured."""

import itertools
from collections.abc import Callable

import pytest

from benchmarks.growth.ladder import FLAT, LINEAR, QUADRATIC, Climb, Ladder, climb
from benchmarks.measuring.rows import Result
from benchmarks.measuring.timing import Samples

SIZES = (10, 20, 40, 80)


class Noted:
    """A cost of one for each size, that notes which sizes were asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, size: int) -> float:
        self.asked.append(size)
        return float(size)


def ladder(cost: Callable[[int], float], limit: float | None = LINEAR, *, together: bool = True) -> Ladder:
    return Ladder("sorting", "cards", "ms", SIZES, cost, limit, together=together)


@pytest.mark.parametrize(
    ("cost", "limit", "result"),
    [
        (lambda n: 2.0 * n, LINEAR, Result.PASS),
        (lambda n: 5.0 + n, LINEAR, Result.PASS),
        (lambda n: n**1.2, LINEAR, Result.FAIL),
        (lambda n: float(n * n), QUADRATIC, Result.PASS),
        (lambda n: float(n**3), QUADRATIC, Result.FAIL),
        (lambda n: 7.0, FLAT, Result.PASS),
        (lambda n: n**0.5, FLAT, Result.FAIL),
        (lambda n: float(n**3), None, Result.NO_BAR),
    ],
    ids=["linear", "linear above a base", "beyond linear", "pairs", "beyond pairs", "flat", "not flat", "no limit"],
)
def test_a_ladder_holds_when_its_cost_grows_no_faster_than_it_may(
    cost: Callable[[int], float], limit: float | None, result: Result
) -> None:
    assert climb(ladder(cost, limit), turns=2).row().result is result


def test_the_least_cost_of_several_turns_counts() -> None:
    disturbances = itertools.cycle((50.0, 0.0, 3.0))  # three values, four sizes: each size meets every one
    found = climb(ladder(lambda size: size + next(disturbances)), turns=6)
    assert list(found.costs) == [float(size) for size in SIZES]
    assert found.law.exponent == pytest.approx(1.0)


def test_sizes_take_turns_after_one_that_is_not_counted() -> None:
    cost = Noted()
    found = climb(ladder(cost), turns=2)
    assert cost.asked == [*SIZES] * 3
    assert [len(each.values) for each in found.samples] == [2] * len(SIZES)


def test_a_ladder_not_climbed_together_is_measured_once_from_the_smallest_on() -> None:
    cost = Noted()
    found = climb(ladder(cost, together=False), turns=5)
    assert cost.asked == [*SIZES]
    assert list(found.costs) == [float(size) for size in SIZES]


def test_a_jump_between_neighbours_is_told_though_the_law_through_all_hides_it() -> None:
    found = climb(ladder(lambda size: {10: 1.0, 20: 1.0, 40: 1.0, 80: 4.0}[size]), turns=1)
    assert found.steepest == pytest.approx(2.0)
    assert found.law.exponent < 1.0
    assert "steepest 2.00" in found.row().figure


def test_a_row_is_named_by_what_grows_and_over_what_and_keeps_every_sample() -> None:
    found = Climb(ladder(float), tuple(Samples((float(size), 2.0 * size)) for size in SIZES))
    row = found.row()
    assert row.what == "sorting, power of cards"
    assert row.value == pytest.approx(1.0)
    assert row.spread == pytest.approx(0.0)
    assert list(row.samples["40 cards"]) == [40.0, 80.0]
    assert list(row.samples["powers"]) == pytest.approx([1.0, 1.0])
