"""What a person sees while a simulation runs: a progress bar, and in a terminal the field itself."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from mfn_client import Frame
    from mfn_client.cli.heatmap import HeatMap

REFRESH_HZ = 8


class View:
    """Follows the frames of one run on a console; a context manager.

    Args:
        title: What runs.
        first_step: The step of the first frame.
        steps: Steps to make.
        console: Where to draw; None draws nothing.
        heat_map: Drawn above the bar when given.
    """

    def __init__(self, title: str, steps: int, console: Console | None, heat_map: "HeatMap | None" = None) -> None:
        self._heat_map = heat_map
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self._task = self._progress.add_task(title, total=steps)
        self._first_step: int | None = None
        shown = Group(heat_map, self._progress) if heat_map else self._progress
        self._live = Live(shown, console=console, refresh_per_second=REFRESH_HZ, transient=True) if console else None

    def show(self, frame: "Frame") -> None:
        """Take the latest frame."""
        self._first_step = frame.step if self._first_step is None else self._first_step
        self._progress.update(self._task, completed=frame.step - self._first_step)
        if self._heat_map is not None:
            self._heat_map.field = next(iter(frame.fields.values()))

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()


def can_draw(quiet: bool) -> bool:
    """Whether a field can be drawn where the bar goes: in a terminal that shows half blocks."""
    console = bar_console(quiet)
    return console is not None and "utf" in (getattr(console.file, "encoding", None) or "").lower()


def bar_console(quiet: bool) -> Console | None:
    """Where a bar may be drawn: stdout if it is a terminal, else stderr if that is one, else nowhere."""
    if quiet:
        return None
    if sys.stdout.isatty():
        return Console()
    return Console(stderr=True) if sys.stderr.isatty() else None
