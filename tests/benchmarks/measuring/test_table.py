import pytest

from benchmarks.measuring.rows import Row, at_least, at_most
from benchmarks.measuring.table import HEADINGS, quantity, render, verdict

KEPT = Row("kept", value=1.0, bar=at_least(0.5))
MISSED = Row("missed", value=0.1, bar=at_least(0.5))
ABSENT = Row("absent", bar=at_least(0.5), skipped="no gcc")
ENDED = Row("ended", broken="it ended")
FREE = Row("free", value=1.0)


def test_the_table_has_one_aligned_line_a_row() -> None:
    rows = {
        "kernel": [
            Row("128 x 128", "C", value=1.234, unit="x", bar=at_least(0.85), spread=0.021, figure="1,000 M"),
            Row("512 x 512", "C", unit="x", bar=at_least(0.85), skipped="gcc is not on this machine"),
        ],
        "memory": [Row("ten frames", value=267.4, unit="MiB", bar=at_most(272.28))],
    }
    header, rule, *lines = render(rows, quick=False).partition("\n\n")[0].splitlines()
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


def test_rows_with_a_bar_come_first_and_then_the_others() -> None:
    text = render({"a": [FREE, KEPT], "b": [MISSED, FREE, ENDED]}, quick=False)
    barred, others = text.split("Without a bar:")
    assert [line.split()[:2] for line in barred.splitlines()[2:5]] == [["a", "kept"], ["b", "missed"], ["b", "ended"]]
    assert [line.split()[:2] for line in others.splitlines()[4:]] == [["a", "free"], ["b", "free"]]


def test_a_table_of_one_kind_has_one_part() -> None:
    assert "Without" not in render({"a": [KEPT]}, quick=False)
    assert "pass," not in render({"a": [FREE]}, quick=False)
    assert render({}, quick=False) == ""


@pytest.mark.parametrize("row", [KEPT, FREE])
def test_a_quick_table_says_that_it_holds_no_figures(row: Row) -> None:
    told, quick = render({"a": [row]}, quick=False), render({"a": [row]}, quick=True)
    assert quick == f"{told}\n\nQuick: too short for figures, and shows only that it works."


def test_the_verdict_counts_what_passes_misses_broke_or_was_not_measured() -> None:
    assert verdict([KEPT, KEPT]) == "2 of 2 pass, 0 miss their bar."
    assert verdict([KEPT, MISSED, MISSED, ABSENT, ENDED]) == "1 of 5 pass, 2 miss their bar, 1 broke, 1 not measured."
