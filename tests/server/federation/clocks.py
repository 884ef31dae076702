"""An event loop's clock that tests move by hand."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock


class Clock:
    """What the loop takes for the time; `pass_by` lets timers that are due run."""

    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        """As the loop asks for it."""
        return self.now

    async def pass_by(self, seconds: float) -> None:
        """So much later."""
        self.now += seconds
        for _ in range(3):
            await asyncio.sleep(0)


@contextmanager
def stopped_clock() -> Iterator[Clock]:
    """The running loop's clock stands still but for `pass_by`."""
    clock = Clock()
    with mock.patch.object(asyncio.get_running_loop(), "time", clock.time):
        yield clock
