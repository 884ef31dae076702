"""Threads that looks run on: of their own, never joined, and given up when they do not come back."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

DEADLINE_S = 10.0
"""Longest that one look may last, however steadily something trickles in."""
MOST_LEFT = 1
"""Threads of a lane that never came back beside which another one is begun."""

T = TypeVar("T")


class Lane:
    """Does one thing at a time, each on a new thread.

    A daemon thread: one that hangs keeps neither the process from ending nor anything else from running. The loop's
    own threads are for uploads and checkpoints.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._left: list[threading.Thread] = []

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` gives; raises what it raises, and TimeoutError past the deadline or beside too many that hang."""
        async with self._turn:
            self._left = [thread for thread in self._left if thread.is_alive()]
            if len(self._left) > MOST_LEFT:
                raise _late()
            return await self._begun(work)

    async def _begun(self, work: Callable[[], T]) -> T:
        outcome = Future[T]()
        outcome.set_running_or_notify_cancel()
        waiting = asyncio.wrap_future(outcome)
        thread = threading.Thread(target=_do, args=(work, outcome), name="look", daemon=True)
        thread.start()
        try:
            done, _ = await asyncio.wait({waiting}, timeout=DEADLINE_S)
        finally:
            if not waiting.done():
                waiting.cancel()
                self._left.append(thread)
        if not done:
            raise _late()
        return waiting.result()


def _late() -> TimeoutError:
    return TimeoutError(f"there is no answer within {DEADLINE_S:g} s")


def _do(work: Callable[[], T], outcome: "Future[T]") -> None:
    try:
        outcome.set_result(work())
    except BaseException as error:  # noqa: BLE001  # whoever waits is told, whatever it is
        outcome.set_exception(error)
