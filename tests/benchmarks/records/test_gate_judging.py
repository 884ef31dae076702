import math
from dataclasses import replace

import pytest

from benchmarks.measuring.rows import Bar, at_least, at_most
from benchmarks.records.gate_judging import (
    Held,
    Outcome,
    failing_subjects,
    hold,
    markdown,
    render,
    second_look,
    worse_by,
)
from benchmarks.records.record import RecordedRow
from tests.benchmarks.records.build import MACHINE, record, row

KERNEL = ("kernel", "128 x 128", "C stencil")
CHAIN = ("chain", "unary", "C stencil")


@pytest.mark.parametrize(
    ("before", "now", "bar", "share"),
    [
        (10.0, 8.0, at_least(5.0), 0.2),
        (10.0, 12.0, at_least(5.0), -0.2),
        (10.0, 12.0, at_most(20.0), 0.2),
        (10.0, 8.0, at_most(20.0), -0.2),
    ],
)
def test_worse_is_less_where_the_bar_is_from_below_and_more_where_it_is_from_above(
    before: float, now: float, bar: Bar, share: float
) -> None:
    assert worse_by(before, now, bar) == pytest.approx(share)


@pytest.mark.parametrize(
    ("now", "outcome"),
    [
        (row(value=0.8), Outcome.HELD),
        (row(value=0.79), Outcome.REGRESSION),
        (row(value=9.0), Outcome.HELD),
        (row(value=None, skipped="no gcc"), Outcome.NOT_MEASURED),
        (None, Outcome.NOT_MEASURED),
    ],
)
def test_more_than_a_fifth_worse_is_a_regression_and_what_is_not_measured_is_not_held(
    now: RecordedRow | None, outcome: Outcome
) -> None:
    held = Held(row(value=1.0), now, same_machine=True)
    assert held.outcome is outcome
    assert held.fails is (outcome is not Outcome.HELD)


@pytest.mark.parametrize(("before", "now", "bar"), [(3.0, 2.4, at_least(1.0)), (3.0, 3.6, at_most(4.0))])
def test_exactly_a_fifth_worse_holds_whatever_binary_fractions_make_of_it(before: float, now: float, bar: Bar) -> None:
    assert worse_by(before, now, bar) > 0.2
    assert Held(row(value=before, bar=bar), row(value=now, bar=bar), same_machine=True).outcome is Outcome.HELD
    further = row(value=now + (-1e-6 if bar.at_least else 1e-6), bar=bar)
    assert Held(row(value=before, bar=bar), further, same_machine=True).outcome is Outcome.REGRESSION


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf, None])
def test_a_baseline_of_which_no_share_can_be_lost_is_refused(value: float | None) -> None:
    spoilt = record(replace(row(), value=value))
    with pytest.raises(ValueError, match="no positive value with a bar for kernel / 128 x 128 / C stencil"):
        hold([KERNEL], spoilt, record(row()))


def test_a_baseline_without_a_bar_is_refused() -> None:
    with pytest.raises(ValueError, match="no positive value with a bar"):
        hold([KERNEL], record(row(bar=None)), record(row()))


def test_a_regression_counts_even_where_the_bar_is_kept() -> None:
    assert Held(row(value=2.0), row(value=1.0), same_machine=True).outcome is Outcome.REGRESSION


@pytest.mark.parametrize(("now", "outcome"), [(1.0, Outcome.BAR_KEPT), (0.5, Outcome.REGRESSION), (1.9, Outcome.HELD)])
def test_on_another_processor_a_worse_row_fails_only_where_it_misses_its_bar(now: float, outcome: Outcome) -> None:
    assert Held(row(value=2.0), row(value=now), same_machine=False).outcome is outcome


def test_the_rows_of_the_list_are_held_and_no_others() -> None:
    baseline = record(row(value=1.0), row("chain", "unary"), row(what="512 x 512"))
    held = hold([KERNEL, CHAIN], baseline, record(row(value=0.5)))
    assert [(each.baseline.key, each.outcome) for each in held] == [
        (KERNEL, Outcome.REGRESSION),
        (CHAIN, Outcome.NOT_MEASURED),
    ]
    assert failing_subjects(held) == ["kernel", "chain"]


def test_the_processors_of_baseline_and_run_are_compared() -> None:
    (held,) = hold([KERNEL], record(row(value=2.0)), record(row(value=1.0), processor="Xeon"))
    assert held.outcome is Outcome.BAR_KEPT


def test_so_are_their_cores() -> None:
    wide = record(row(value=1.0), machine=replace(MACHINE, cores=8))
    (held,) = hold([KERNEL], record(row(value=2.0)), wide)
    assert held.outcome is Outcome.BAR_KEPT


def test_a_row_that_the_baseline_lacks_is_an_error_with_the_remedy() -> None:
    with pytest.raises(ValueError, match="chain / unary / C stencil: make bench-gate ARGS=--rebaseline"):
        hold([KERNEL, CHAIN], record(row()), record(row()))


def test_the_second_measurement_decides_and_is_told_and_what_held_stays() -> None:
    baseline = record(row(value=1.0), row("chain", "unary", value=1.0))
    held = hold([KERNEL, CHAIN], baseline, record(row(value=0.5), row("chain", "unary", value=1.0)))
    again = second_look(held, {KERNEL: row(value=1.1), CHAIN: row("chain", "unary", value=0.1)})
    assert [each.outcome for each in again] == [Outcome.HELD, Outcome.HELD]
    assert "second measurement; the first was 0.500 x" in render(again)
    lost = second_look(held, {KERNEL: row(value=0.6)})
    assert [each.outcome for each in lost] == [Outcome.REGRESSION, Outcome.HELD]


def test_the_table_in_markdown_has_a_line_a_row() -> None:
    lines = markdown(hold([KERNEL], record(row(value=1.0)), record(row(value=0.5)))).splitlines()
    assert {line.count("|") for line in lines} == {8}
    assert lines[2] == "| kernel | 128 x 128 | C stencil | 1.00 x | 0.500 x | +50.0% | REGRESSION |"
