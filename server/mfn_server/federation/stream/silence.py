"""How long a participant may say nothing: one timer a stream, however often it speaks."""

import asyncio
from collections.abc import Callable


class Silence:
    """Calls `broken` once nothing was heard for `limit_s` seconds of a clock that does not jump.

    Counted only while the stream is waited for: a server that is busy with the last message hears nothing either.
    """

    def __init__(self, limit_s: float, broken: Callable[[float], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._limit_s, self._broken = limit_s, broken
        self._since: float | None = self._loop.time()
        self._timer = self._loop.call_later(limit_s, self._look)

    def listen(self) -> None:
        """From now on the participant is waited for."""
        self._since = self._loop.time()

    def heard(self) -> None:
        """It spoke; what it said is being dealt with."""
        self._since = None

    def allow(self, limit_s: float) -> None:
        """Another limit, counted from now."""
        self._timer.cancel()
        self._limit_s = limit_s
        self._timer = self._loop.call_later(limit_s, self._look)

    def end(self) -> None:
        """Stop looking."""
        self._timer.cancel()

    def _look(self) -> None:
        now = self._loop.time()
        due = (now if self._since is None else self._since) + self._limit_s
        if due <= now:
            self._broken(self._limit_s)
        else:
            self._timer = self._loop.call_at(due, self._look)
