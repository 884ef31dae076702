"""The tables of the page of figures hold what was recorded, and nothing else of the page changes."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.measuring.rows import at_least
from benchmarks.records.files import RecordError
from benchmarks.records.page import bars, figures, fill
from tests.benchmarks.records.build import record, row

MARKS = "".join(f"<!-- begin {name} -->\nold\n<!-- end {name} -->\nkept\n" for name in ("runs", "bars", "figures"))


def test_a_row_with_a_bar_shows_both_runs_and_whether_the_second_keeps_it() -> None:
    first = record(row(what="64 x 64", value=0.9, bar=at_least(1.0)))
    second = record(row(what="64 x 64", value=1.25, bar=at_least(1.0), spread=0.04))
    line = bars(first, second).splitlines()[-1]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1] == "64×64"
    assert cells[3:] == ["0.900 ×", "1.25 ×", "4%", "≥ 1.00 ×", "pass"]


def test_what_one_run_lacks_is_left_empty() -> None:
    shown = bars(record(), record(row(value=None, bar=at_least(1.0), skipped="no peer")))
    cells = [cell.strip() for cell in shown.splitlines()[-1].strip("|").split("|")]
    assert cells[3:5] == ["", ""]
    assert cells[-1] == "not measured"


def test_rows_without_a_bar_stand_among_the_figures_alone() -> None:
    run = record(row(what="with", bar=at_least(1.0)), row(what="without", bar=None, figure="7 calls/s"))
    assert "with |" not in figures(run).replace("without |", "")
    assert "7 calls/s" in figures(run)
    assert "without" not in bars(run, run)


def test_only_what_stands_between_the_marks_changes(tmp_path: Path) -> None:
    page, run = tmp_path / "page.md", record(row(bar=at_least(1.0)))
    page.write_text(f"head\n{MARKS}", encoding="utf-8")
    for second in (run, replace(run, commit="f" * 40)):
        fill(page, run, second)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("head\n<!-- begin runs -->\n\n| run |")
    assert text.count("kept") == 3
    assert "old" not in text
    assert "fffffff" in text


def test_a_page_without_the_marks_is_left_as_it_is(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- begin runs -->\n", encoding="utf-8")
    with pytest.raises(RecordError, match="lacks the marks"):
        fill(page, record(), record())
    assert page.read_text(encoding="utf-8") == "<!-- begin runs -->\n"
