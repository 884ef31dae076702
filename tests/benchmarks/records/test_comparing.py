from dataclasses import replace
from typing import Any

import pytest

from benchmarks.measuring.rows import Bar, at_least, at_most
from benchmarks.records.comparing import Comparison, compare, render
from tests.benchmarks.records.build import MACHINE, record, row

LATER = "2026-11-22T10:45:36+00:00"


@pytest.mark.parametrize(
    ("before", "after", "bar", "verdict"),
    [
        (1.0, 1.2, at_least(1.0), "better"),
        (1.0, 0.8, at_least(1.0), "worse"),
        (1.0, 1.2, at_most(1.0), "worse"),
        (1.0, 0.8, at_most(1.0), "better"),
        (1.0, 1.2, None, "changed"),
        (1.0, 1.09, at_least(1.0), "no difference"),
        (1.0, 0.91, at_most(1.0), "no difference"),
        (-2.0, -1.0, at_least(1.0), "better"),
    ],
)
def test_a_change_beyond_both_spreads_counts_in_the_sense_of_the_row(
    before: float, after: float, bar: Bar | None, verdict: str
) -> None:
    a, b = row(value=before, bar=bar, spread=0.1), row(value=after, bar=bar, spread=0.05)
    assert Comparison(a, b).verdict == verdict


@pytest.mark.parametrize("spreads", [(0.3, 0.0), (0.0, 0.3)])
def test_the_larger_spread_of_the_two_decides(spreads: tuple[float, float]) -> None:
    a, b = row(value=1.0, spread=spreads[0]), row(value=1.2, spread=spreads[1])
    assert Comparison(a, b).verdict == "no difference"


@pytest.mark.parametrize(("run_to_run", "verdict"), [(0.15, "worse"), (0.25, "no difference"), (None, "worse")])
def test_a_change_within_what_the_row_moves_from_run_to_run_is_none(run_to_run: float | None, verdict: str) -> None:
    a, b = row(value=1.0, spread=0.01), row(value=0.8, spread=0.01)
    assert Comparison(a, b, run_to_run).verdict == verdict


def test_what_cannot_be_compared_says_why() -> None:
    assert Comparison(row(), None).verdict == "only in A"
    assert Comparison(None, row()).verdict == "only in B"
    assert Comparison(row(spread=None), row()).verdict == "spread unknown"
    assert Comparison(row(value=0.0), row()).verdict == "not comparable"
    assert Comparison(row(unit="ms"), row()).verdict == "not comparable"
    assert Comparison(row(), row(value=None, skipped="no gcc")).verdict == "not comparable"


def test_rows_are_matched_by_subject_what_and_against_and_none_is_lost() -> None:
    a = record(row(what="old"), row(what="both", value=1.0), row("chain", "both"))
    b = record(row(what="both", value=2.0), row(what="new"))
    found = [(each.row.subject, each.row.what, each.verdict) for each in compare(a, b, {})]
    assert found == [
        ("kernel", "both", "better"),
        ("kernel", "new", "only in B"),
        ("kernel", "old", "only in A"),
        ("chain", "both", "only in A"),
    ]


def test_the_table_shows_both_values_the_change_the_spreads_and_the_range_from_run_to_run() -> None:
    a, b = record(row(value=1.0, spread=0.02)), record(row(value=1.5, spread=0.04))
    last = render(a, b, {row().key: 0.088}).splitlines()[-1].split()
    assert last[-9:] == ["1.00", "x", "1.50", "x", "+50.0%", "2%", "4%", "8.8%", "better"]


def test_what_differs_around_the_measurements_stands_above_the_table() -> None:
    a = record(row(), versions={"numpy": "2.4.6", "gcc": "12.2.0"})
    b = record(row(), versions={"numpy": "2.5.0", "gcc": "12.2.0"}, processor="Xeon", quick=True)
    told = render(a, b, {})
    assert "different machines: AMD EPYC, 2 cores and Xeon, 2 cores" in told
    assert "measured quickly" in told
    assert "numpy: 2.4.6 and 2.5.0" in told
    assert "gcc:" not in told
    assert "different" not in render(a, a, {})


def test_a_run_beside_itself_is_told() -> None:
    one, two = record(row()), record(row(), started=LATER)
    assert "A and B are the same run" in render(one, one.bounded(), {})
    assert "same run" not in render(one, two, {})


def test_another_number_of_cores_is_a_different_machine() -> None:
    told = render(record(row()), record(row(), machine=replace(MACHINE, cores=8)), {})
    assert "different machines: AMD EPYC, 2 cores and AMD EPYC, 8 cores" in told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, "A and B are of the same commit: what differs is not the code"),
        ({"dirty": True}, "A and B are of the same commit, uncommitted changes aside"),
    ],
)
def test_two_runs_of_one_commit_are_told(change: dict[str, Any], told: str) -> None:
    assert told in render(record(row()), record(row(), started=LATER, **change), {})


@pytest.mark.parametrize("commits", [(40 * "a", 40 * "b"), ("", "")])
def test_runs_of_two_commits_or_of_none_are_not_told_as_of_one(commits: tuple[str, str]) -> None:
    a, b = (record(row(), commit=commit) for commit in commits)
    assert "same commit" not in render(a, replace(b, started=LATER), {})
