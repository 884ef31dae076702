"""Worker threads for kernels, shared fairly: short jobs first, then slices of runs, round-robin over the principals."""

import asyncio
import functools
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


class NoWorkerInTime(Exception):
    """No worker took the work as long as its caller could wait; it will not be done."""


@dataclass
class _Job:
    work: Callable[[], Any]
    done: asyncio.Future[Any]
    begun: bool = False

    def give_up(self) -> None:
        """End the wait for a worker; does nothing once there is one, or the caller has left."""
        if not self.begun and not self.done.done():
            self.done.set_exception(NoWorkerInTime())


class _Lane:
    """Jobs that wait: in order for one principal, in turn between principals."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[_Job]] = OrderedDict()

    def add(self, principal: str, job: _Job) -> None:
        self._waiting.setdefault(principal, deque()).append(job)

    def next(self) -> _Job | None:
        """Take the job whose turn it is, passing over those that nobody waits for any more."""
        while self._waiting:
            principal, queue = self._waiting.popitem(last=False)
            job = queue.popleft()
            if queue:
                self._waiting[principal] = queue
            if not job.done.done():
                return job
        return None


class Compute:
    """Runs pieces of work that release the GIL on a fixed number of threads.

    Two lanes wait for them: short jobs that a caller's next message depends on go before all slices of long runs. In
    either, work of one principal runs in the order it came; between principals the turn goes round, so that many
    calls of one principal do not starve another's.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="mfn-compute")
        self._urgent, self._slices = _Lane(), _Lane()
        self._running = 0

    @property
    def busy(self) -> int:
        """Threads at work."""
        return self._running

    async def run(self, principal: str, work: Callable[[], T], patience_s: float | None = None) -> T:
        """The result of a slice, run on a worker thread when no short job waits and the principal's turn comes.

        When the caller is cancelled, work that has not started is dropped and work that has started ends by itself.
        Raises NoWorkerInTime when the work has not started within `patience_s` seconds (None: however long it takes).
        """
        return await self._result(self._slices, principal, work, patience_s)

    async def urgent(self, principal: str, work: Callable[[], T], patience_s: float | None = None) -> T:
        """The result of a short job, as `run` but before all slices."""
        return await self._result(self._urgent, principal, work, patience_s)

    def close(self) -> None:
        """Let running work end and stop the threads."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _result(self, lane: _Lane, principal: str, work: Callable[[], T], patience_s: float | None) -> T:
        loop = asyncio.get_running_loop()
        job = _Job(work, loop.create_future())
        lane.add(principal, job)
        self._dispatch()
        # A timer, not asyncio.timeout: that could end the wait for work which begins in the same turn of the loop.
        limit = None if patience_s is None or job.begun else loop.call_later(patience_s, job.give_up)
        try:
            result: T = await job.done
        finally:
            if limit is not None:
                limit.cancel()
        return result

    def _dispatch(self) -> None:
        while self._running < self.workers and (job := self._urgent.next() or self._slices.next()) is not None:
            self._running += 1
            job.begun = True
            started = asyncio.get_running_loop().run_in_executor(self._threads, job.work)
            started.add_done_callback(functools.partial(self._finished, job))

    def _finished(self, job: _Job, ended: asyncio.Future[Any]) -> None:
        self._running -= 1
        error = ended.exception()  # asked for even when nobody waits: asyncio would report it as never retrieved
        if not job.done.cancelled():
            _pass_on(ended, error, job.done)
        self._dispatch()


def _pass_on(ended: asyncio.Future[Any], error: BaseException | None, to: asyncio.Future[Any]) -> None:
    if error is not None:
        to.set_exception(error)
    else:
        to.set_result(ended.result())
