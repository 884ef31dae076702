"""The machine's timers, on a clock that does not jump: one of each kind at a time."""

import asyncio
from collections.abc import Callable

from mfn_server.federation.machine.actions import StartTimer, TimerKind


class Timers:
    """Calls `due` with the action whose time is over. They end with the process: a restart begins them anew."""

    def __init__(self, due: Callable[[StartTimer], None]) -> None:
        self._due = due
        self._running: dict[TimerKind, asyncio.TimerHandle] = {}

    def start(self, action: StartTimer) -> None:
        """Start a timer in place of the one of its kind."""
        self.cancel(action.kind)
        self._running[action.kind] = asyncio.get_running_loop().call_later(action.seconds, self._due, action)

    def seconds_left(self, kind: TimerKind) -> float | None:
        """Until the timer of this kind is over, 0 or more; None when there is none."""
        running = self._running.get(kind)
        return None if running is None else max(0.0, running.when() - asyncio.get_running_loop().time())

    def cancel(self, *kinds: TimerKind) -> None:
        """Stop the timers of these kinds."""
        for kind in kinds:
            if (running := self._running.pop(kind, None)) is not None:
                running.cancel()
