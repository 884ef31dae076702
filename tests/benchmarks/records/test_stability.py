import math
from typing import Any

import pytest

from benchmarks.measuring.rows import at_least
from benchmarks.records.stability import Stability, render, stability
from tests.benchmarks.records.build import record, row, runs


def only(*values: float, **others: Any) -> Stability:
    (found,) = stability(runs(*values, **others))
    return found


def test_the_range_is_the_highest_over_the_lowest_less_one() -> None:
    found = only(1.0, 1.08, 1.04)
    assert (found.runs, found.lowest, found.highest) == (3, 1.0, 1.08)
    assert found.range == pytest.approx(0.08)


@pytest.mark.parametrize(
    ("values", "others", "verdict"),
    [
        ((1.0, 1.05, 1.09), {}, "stable"),
        ((1.0, 1.05, 1.11), {}, "moves by more than 10%"),
        ((1.0, 1.0), {}, "fewer than 3 runs"),
        ((1.0, 1.0, 1.0), {"bar": None}, "no ratio with a bar"),
        ((1.0, 1.0, 1.0), {"unit": "ms"}, "no ratio with a bar"),
        ((1.0, 1.0, 1.0), {"against": ""}, "no ratio with a bar"),
    ],
)
def test_only_ratios_with_bars_that_stay_within_a_tenth_in_three_runs_are_stable(
    values: tuple[float, ...], others: dict[str, Any], verdict: str
) -> None:
    assert only(*values, **others).verdict == verdict


def test_a_value_that_is_not_positive_has_no_bounds() -> None:
    assert only(-1.0, 1.0, 1.0).range == math.inf


def test_runs_that_lack_a_row_or_its_value_do_not_count_for_it() -> None:
    records = [record(row()), record(row(value=None, skipped="no gcc")), record(row("chain", bar=at_least(1.0)))]
    assert [(each.row.subject, each.runs) for each in stability(records)] == [("kernel", 1), ("chain", 1)]


def test_the_table_shows_runs_range_and_verdict() -> None:
    assert render(stability(runs(1.0, 1.05, 1.0))).splitlines()[-1].split()[-7:] == [
        "3", "1.00", "x", "1.05", "x", "5.0%", "stable",
    ]  # fmt: skip
