"""What a person sees while checks run: a bar, and each check that fails."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from mfn_client import Check


class Checklist:
    """Follows checks on a console (None draws nothing); a context manager. The bar moves before they are announced."""

    def __init__(self, console: Console | None) -> None:
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
        self._progress = Progress(*columns, console=console, transient=True, disable=console is None)
        self._task = self._progress.add_task("starting", total=None)
        self._failed = 0

    def expect(self, total: int) -> None:
        """Take the number of checks to come."""
        self._progress.update(self._task, total=total, description="")

    def add(self, check: "Check") -> None:
        """Take the check that finished last."""
        self._failed += not check.passed
        failures = f"[bold red]{self._failed} failed[/bold red], " if self._failed else ""
        self._progress.update(self._task, advance=1, description=f"{failures}{check.name}")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
