import itertools
import math

import pytest

from benchmarks.measuring.rows import Bar, Row, at_least, at_most
from benchmarks.records.record import MOST_SAMPLES, RecordedRow, misses, recorded
from tests.benchmarks.records.build import record, row


def test_a_recorded_row_says_what_the_row_said() -> None:
    measured = Row("a", "b", 2.0, "x", at_most(3.0), 0.1, "2 against 1", {"ours": (4.0, 6.0)})
    kept = RecordedRow.of("kernel", measured)
    assert kept.key == ("kernel", "a", "b")
    assert (kept.value, kept.unit, kept.result, kept.spread, kept.figure) == (2.0, "x", "pass", 0.1, "2 against 1")
    assert kept.limit == Bar(3.0, at_least=False)
    assert kept.samples == {"ours": (4.0, 6.0)}


def test_a_row_without_a_bar_has_no_limit() -> None:
    assert row(bar=None).limit is None


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_json_does_not_know_is_left_out_and_the_result_stays(value: float) -> None:
    kept = RecordedRow.of("s", Row("a", value=value, bar=at_most(1.0), spread=value, samples={"ours": (1.0, value)}))
    assert (kept.value, kept.spread, kept.samples, kept.result) == (None, None, {"ours": (1.0,)}, "FAIL")


def test_missed_are_those_that_failed_and_those_that_broke() -> None:
    rows = recorded(
        {
            "s": [
                Row("kept", value=1.0, bar=at_least(0.5)),
                Row("missed", value=0.1, bar=at_least(0.5)),
                Row("absent", bar=at_least(0.5), skipped="no gcc"),
                Row("ended", broken="it ended"),
                Row("free", value=1.0),
            ]
        }
    )
    assert [each.what for each in misses(rows)] == ["missed", "ended"]


@pytest.mark.parametrize("contestants", [1, 2, 3])
def test_a_bounded_record_keeps_samples_from_the_whole_run(contestants: int) -> None:
    many = {str(number): tuple(map(float, range(1001))) for number in range(contestants)}
    (kept,) = record(row(samples=many)).bounded().rows
    assert sum(map(len, kept.samples.values())) <= MOST_SAMPLES
    for values in kept.samples.values():
        steps = {after - before for before, after in itertools.pairwise(values)}
        assert len(steps) == 1
        assert 1000 - values[-1] < steps.pop()


def test_few_samples_stay_as_they_are() -> None:
    (kept,) = record(row(samples={"ours": (3.0, 1.0, 2.0), "none": ()})).bounded().rows
    assert kept.samples == {"ours": (3.0, 1.0, 2.0), "none": ()}


def test_the_name_of_a_record_says_when_of_what_and_whether_more_was_in_the_tree() -> None:
    assert record().name == "2026-11-22T09:45:36+00:00 0f402f8"
    assert record(dirty=True, commit="").name == "2026-11-22T09:45:36+00:00 no commit (dirty)"
