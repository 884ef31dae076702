import json
import math

import pytest

from benchmarks.measuring.rows import Bar, Result, Row, at_least, at_most, ratio_row, seconds_row
from benchmarks.measuring.timing import Samples


@pytest.mark.parametrize(
    ("value", "bar", "result"),
    [
        (0.85, at_least(0.85), Result.PASS),
        (0.8499, at_least(0.85), Result.FAIL),
        (50.0, at_most(50.0), Result.PASS),
        (50.01, at_most(50.0), Result.FAIL),
        (math.nan, at_least(0.0), Result.FAIL),
        (math.nan, at_most(1.0), Result.FAIL),
        (1.0, None, Result.NO_BAR),
        (None, at_most(1.0), Result.SKIPPED),
    ],
)
def test_a_value_keeps_its_bar_or_does_not(value: float | None, bar: Bar | None, result: Result) -> None:
    assert Row("something", value=value, bar=bar).result is result


def test_a_row_with_a_reason_is_skipped_or_broken_whatever_its_bar() -> None:
    assert Row("a", bar=at_least(1.0), skipped="no gcc").result is Result.SKIPPED
    assert Row("a", value=2.0, bar=at_least(1.0), broken="it ended").result is Result.BROKEN


def test_a_row_in_json_keeps_every_sample_and_says_which_way_its_bar_points() -> None:
    row = Row("a", "b", value=2.0, unit="x", bar=at_least(1.5), spread=0.1, figure="f", samples={"ours": (4.0, 6.0)})
    assert json.loads(json.dumps(row.as_json())) == {
        "what": "a",
        "against": "b",
        "value": 2.0,
        "unit": "x",
        "bar": {"at_least": 1.5},
        "result": "pass",
        "spread": 0.1,
        "figure": "f",
        "why": "",
        "samples": {"ours": [4.0, 6.0]},
    }
    assert Row("a", value=1.0, bar=at_most(9.0)).as_json()["bar"] == {"at_most": 9.0}
    assert Row("a", skipped="no gcc").as_json()["why"] == "no gcc"


def test_a_row_of_a_ratio_keeps_what_it_was_made_of_beside_it() -> None:
    made_of = {"ours": Samples((4.0, 6.0, 8.0)), "theirs": Samples((2.0, 2.0, 2.0))}
    row = ratio_row("a", "b", Samples((2.0, 3.0, 4.0)), "f", made_of, at_least(2.5))
    samples = {"ours": (4.0, 6.0, 8.0), "theirs": (2.0, 2.0, 2.0)}
    assert row == Row("a", "b", 3.0, "x", at_least(2.5), spread=1 / 3, figure="f", samples=samples)
    assert ratio_row("a", "b", Samples((2.0,)), "f", made_of).result is Result.NO_BAR


def test_a_row_of_seconds_is_of_their_median() -> None:
    assert seconds_row("a", [3.0, 1.0, 2.0]) == Row(
        "a", value=2.0, unit="s", spread=0.5, samples={"seconds": (3.0, 1.0, 2.0)}
    )
