"""Threads for work that blocks on the disk, so that the event loop never does."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

THREADS = 8
"""Several, so that updates which arrive together are made durable together and not one after the other."""

T = TypeVar("T")


class Disk:
    """A fixed number of threads that all federations of a process share."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="mfn-disk")

    def begin(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Have `work` done; it ends by itself also when nobody waits for it any more."""
        return asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns, or raises. A caller that is cancelled meanwhile leaves once the work has ended."""
        done = self.begin(work)
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            await asyncio.wait((done,))
            raise

    def close(self) -> None:
        """Let all work end, and stop the threads."""
        self._threads.shutdown(wait=True)
