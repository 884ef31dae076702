"""Ends tasks that are not done in time, with one timer for all of them: a timer each would cost 5 us a call."""

import asyncio
from time import monotonic
from typing import Any, cast


class Patience:
    """Cancels the tasks that are still waited for after `seconds`, in the order in which they began."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends = dict[asyncio.Task[Any], float]()
        self._overdue = set[asyncio.Task[Any]]()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> asyncio.Task[Any]:
        """Wait for the running task, which must come to its `end`."""
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._ends[task] = monotonic() + self._seconds
        if self._timer is None:
            self._arm()
        return task

    def ended_it(self, task: asyncio.Task[Any]) -> bool:
        """Whether a task that was cancelled was so by this alone, and takes it back."""
        return task in self._overdue and not task.uncancel()

    def end(self, task: asyncio.Task[Any]) -> None:
        """Wait for it no more."""
        self._ends.pop(task, None)
        self._overdue.discard(task)

    def _arm(self) -> None:
        first = next(iter(self._ends.values()), None)
        loop = asyncio.get_running_loop()
        self._timer = None if first is None else loop.call_later(first - monotonic(), self._end_overdue)

    def _end_overdue(self) -> None:
        now = monotonic()
        for task, end in list(self._ends.items()):
            if end > now:
                break
            del self._ends[task]
            self._overdue.add(task)
            task.cancel()
        self._arm()
