from pathlib import Path

import matplotlib.image
import pytest

from benchmarks.measuring.rows import at_least, at_most
from benchmarks.records.trend import Line, draw, lines, margin
from tests.benchmarks.records.build import record, row


def test_a_margin_says_how_many_times_better_than_its_bar_a_value_is() -> None:
    assert margin(2.0, at_least(1.0)) == 2.0
    assert margin(2.0, at_most(1.0)) == 0.5
    assert margin(0.85, at_least(0.85)) == margin(50.0, at_most(50.0)) == 1.0


def test_each_row_with_a_bar_is_a_line_over_the_runs_that_have_it() -> None:
    memory = row("rules", "memory", 128.0, against="", unit="MiB", bar=at_most(256.0))
    first = record(row(value=1.7), row(what="free", bar=None), memory)
    third = record(row(value=0.85), row(what="absent", value=None, skipped="no gcc"))
    assert lines([first, record(), third]) == {
        "kernel": [Line("128 x 128 / C stencil", (0, 2), (2.0, 1.0))],
        "rules": [Line("memory", (0,), (2.0,))],
    }


def test_what_a_log_axis_cannot_show_is_left_out() -> None:
    rows = row(value=0.0), row(what="b", value=-1.0), row(what="c", bar=at_most(0.0))
    assert lines([record(*rows)]) == {}


def test_subjects_stand_in_the_order_of_the_table() -> None:
    assert list(lines([record(row("new"), row("cancel"), row("kernel"))])) == ["kernel", "cancel", "new"]


@pytest.mark.parametrize("subjects", [1, 4])
def test_the_picture_is_a_png_whose_bytes_depend_on_the_records_alone(tmp_path: Path, subjects: int) -> None:
    rows = [row(f"subject{number}", value=1.0 + number) for number in range(subjects)]
    records = [record(*rows), record(*rows[:1])]
    one, two = draw(records, tmp_path / "one.png"), draw(records, tmp_path / "new" / "two.png")
    assert one.read_bytes() == two.read_bytes()
    height, width = matplotlib.image.imread(one).shape[:2]
    assert (height > 300, width > 1000) == (True, True)
    other = draw([record(*[row("subject0", value=9.0)])], tmp_path / "other.png")
    assert other.read_bytes() != one.read_bytes()


def test_without_any_bar_there_is_nothing_to_draw(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no row with a bar is recorded"):
        draw([record(row(bar=None))], tmp_path / "none.png")
