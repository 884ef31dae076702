"""What is drawn while a simulation runs."""

import io
import sys

import numpy as np
import pytest
from rich.console import Console

from mfn_client import Frame
from mfn_client.cli.heatmap import HeatMap
from mfn_client.cli.view import View, bar_console, can_draw


def frame(step: int) -> Frame:
    return Frame(step, 0.0, {"u": np.linspace(0, 1, 64).reshape(8, 8)})


def test_the_bar_counts_steps_from_the_first_frame_and_the_field_is_drawn() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100, height=30, color_system="truecolor")
    with View("gray_scott", 10, console, HeatMap("ember")) as view:
        view.show(frame(100))
        view.show(frame(105))
    assert "gray_scott" in out.getvalue()
    assert "5/10" in out.getvalue().replace(" ", "")
    assert "▀" in out.getvalue()


def test_without_a_console_nothing_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    with View("gray_scott", 10, None) as view:
        view.show(frame(0))
        view.show(frame(10))
    assert capsys.readouterr() == ("", "")


def test_the_bar_goes_where_a_person_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    terminals: set[str] = set()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: "stdout" in terminals)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: "stderr" in terminals)
    assert bar_console(quiet=False) is None
    terminals.add("stderr")
    on_stderr = bar_console(quiet=False)
    assert on_stderr is not None
    assert on_stderr.stderr
    terminals.add("stdout")
    on_stdout = bar_console(quiet=False)
    assert on_stdout is not None
    assert not on_stdout.stderr
    assert bar_console(quiet=True) is None


@pytest.mark.parametrize(
    ("stream", "encoding", "quiet", "expected"),
    [
        ("stdout", "utf-8", False, True),
        ("stderr", "UTF-8", False, True),
        ("stdout", "ascii", False, False),
        ("stdout", "utf-8", True, False),
        ("neither", "utf-8", False, False),
    ],
)
def test_a_field_is_drawn_where_a_terminal_shows_half_blocks(
    monkeypatch: pytest.MonkeyPatch, stream: str, encoding: str, quiet: bool, expected: bool
) -> None:
    for name in ("stdout", "stderr"):
        written = io.TextIOWrapper(io.BytesIO(), encoding)
        monkeypatch.setattr(written, "isatty", lambda name=name: name == stream)
        monkeypatch.setattr(sys, name, written)
    assert can_draw(quiet) is expected
