"""Reads what belongs to the event loop for those who ask on other threads."""

import asyncio
import concurrent.futures
from collections.abc import Callable
from time import perf_counter
from typing import Generic, TypeVar

PATIENCE_S = 2.0

T = TypeVar("T")


class Snapshot(Generic[T]):
    """What `take` returns on the event loop. Of a loop that is stuck or over, what it returned last.

    first: what there is before it was taken. delay_s: how long the loop took to answer.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, take: Callable[[], T], first: T) -> None:
        self._loop, self._take, self._last = loop, take, first
        self.delay_s = 0.0

    def read(self) -> T:
        """Ask the loop, on another thread than its own."""
        answer: concurrent.futures.Future[T] = concurrent.futures.Future()

        def answering() -> None:
            try:
                answer.set_result(self._take())
            except Exception as error:  # noqa: BLE001  # raised where the answer is waited for
                answer.set_exception(error)

        began = perf_counter()
        try:
            self._loop.call_soon_threadsafe(answering)
            self._last = answer.result(PATIENCE_S)
        except TimeoutError:
            pass  # stuck: the delay says so
        except RuntimeError as error:
            if not self._loop.is_closed():
                raise error
        self.delay_s = perf_counter() - began
        return self._last
