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
    tells_all: bool

    def do(self) -> None:
        try:
            self._tell(self.done.set_result, self.work())
        except Exception as error:  # noqa: BLE001  # whoever waits for the work raises it
            ends_a_coroutine = isinstance(error, StopIteration)
            self._tell(
                self.done.set_exception, RuntimeError(f"the work raised {error!r}") if ends_a_coroutine else error
            )
        except BaseException as error:
            # It would end the event loop that it is raised in. On the caller's thread the caller has it already, and
            # whoever waits is cancelled: told as well, it might come first, and nobody would say goodbye.
            if self.tells_all:
                self._tell(self.done.set_exception, RuntimeError(f"the work raised {error!r}"))
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
        self._own_thread = self._needs_thread = own_thread

    async def run(self, work: Callable[[], T]) -> T:
        """The result of the work; raises what it raises. Cancelling stops the waiting, not the work."""
        if self._needs_thread:
            self._needs_thread = False
            threading.Thread(target=self.serve, name="mfn-participant", daemon=True).start()
        loop = asyncio.get_running_loop()
        job = _Job(work, loop, loop.create_future(), self._own_thread)
        self._queue.put(job)
        return await job.done  # type: ignore[no-any-return]  # the future of `work`

    def serve(self) -> None:
        """Do the work as it comes, on the calling thread, until `close()`."""
        while (job := self._queue.get()) is not None:
            job.do()

    def close(self) -> None:
        """Let `serve()` end after the work that it is at."""
        self._queue.put(None)
