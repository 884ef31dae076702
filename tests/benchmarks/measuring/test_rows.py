import json
import math

import pytest

from benchmarks.measuring.rows import Bar, Result, Row, at_least, at_most
from benchmarks.measuring.table import HEADINGS, quantity, render


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


def test_the_table_has_one_aligned_line_a_row() -> None:
    rows = {
        "kernel": [
            Row("128 x 128", "C", value=1.234, unit="x", bar=at_least(0.85), spread=0.021, figure="1,000 M"),
            Row("512 x 512", "C", unit="x", bar=at_least(0.85), skipped="gcc is not on this machine"),
        ],
        "memory": [Row("ten frames", value=267.4, unit="MiB", bar=at_most(272.28))],
    }
    header, rule, *lines = render(rows).splitlines()
    assert header.split() == list(HEADINGS)
    assert set(rule) == {"-", " "}
    assert [line[header.index("result") :].split()[0] for line in lines] == ["pass", "skipped", "pass"]
    assert [_cells(line) for line in lines] == [
        ["kernel", "128 x 128", "C", "1.23 x", "2%", ">= 0.850 x", "pass", "1,000 M"],
        ["kernel", "512 x 512", "C", ">= 0.850 x", "skipped", "gcc is not on this machine"],
        ["memory", "ten frames", "267 MiB", "<= 272 MiB", "pass"],
    ]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.85, "0.850 ms"), (9.876, "9.88 ms"), (25.71, "25.7 ms"), (272.28, "272 ms"), (1234.5, "1,234 ms")],
)
def test_a_quantity_has_three_significant_digits_and_whole_thousands(value: float, text: str) -> None:
    assert quantity(value, "ms") == text


def test_a_small_or_negative_quantity_is_still_a_number() -> None:
    assert quantity(0.0, "MiB") == "0.000 MiB"
    assert quantity(-0.31, "MiB") == "-0.310 MiB"
    assert quantity(-12.34, "MiB") == "-12.3 MiB"
