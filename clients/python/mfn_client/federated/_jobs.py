"""The thread on which training code runs, so that the event loop goes on beside it."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class _Job:
    work: Callable[[], Any]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Any]

    def do(self) -> None:
        try:
            self._tell(self.done.set_result, self.work())
        except BaseException as error:
            plain = isinstance(error, Exception) and not isinstance(error, StopIteration)
            # Others would end the event loop, or a coroutine, that they are raised in.
            self._tell(self.done.set_exception, error if plain else RuntimeError(f"the work raised {error!r}"))
            if not isinstance(error, Exception):
                raise

    def _tell(self, settle: Callable[[Any], None], outcome: Any) -> None:
        def settled() -> None:
            if not self.done.done():
                settle(outcome)

        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits for this any more
            self.loop.call_soon_threadsafe(settled)


class Jobs:
    """Runs one piece of work after another: on a thread of its own, begun with the first, or on that of `serve()`."""

    def __init__(self, own_thread: bool) -> None:
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._needs_thread = own_thread

    async def run(self, work: Callable[[], T]) -> T:
        """The result of the work; raises what it raises. Cancelling stops the waiting, not the work."""
        if self._needs_thread:
            self._needs_thread = False
            threading.Thread(target=self.serve, name="mfn-participant", daemon=True).start()
        loop = asyncio.get_running_loop()
        job = _Job(work, loop, loop.create_future())
        self._queue.put(job)
        return await job.done  # type: ignore[no-any-return]  # the future of `work`

    def serve(self) -> None:
        """Do the work as it comes, on the calling thread, until `close()`."""
        while (job := self._queue.get()) is not None:
            job.do()

    def close(self) -> None:
        """Let `serve()` end after the work that it is at."""
        self._queue.put(None)
