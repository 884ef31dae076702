"""Worker threads for kernels, shared fairly: short jobs first, then slices of runs, round-robin over the principals."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from mfn_server.sharing import Sharing
from mfn_server.thread_names import show_name

T = TypeVar("T")


class NoWorkerInTime(Exception):
    """No worker took the work as long as its caller could wait; it will not be done."""


@dataclass
class _Job:
    work: Callable[[], Any]
    done: asyncio.Future[Any]
    sharing: Sharing | None = None
    begun: bool = False

    def give_up(self) -> None:
        """End the wait for a worker; does nothing once there is one, or the caller has left."""
        if not self.begun and not self.done.done():
            self.done.set_exception(NoWorkerInTime())


@dataclass
class _Helpers:
    """Threads that help a job. leaving: those among them that are sent away and have not come back yet."""

    here: int
    leaving: int = 0


class _Lane:
    """Jobs that wait: in order for one principal, in turn between principals."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[_Job]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

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

    Threads that are idle when a slice begins help it where it can be shared, each slice of those that run together with
    about as many. They leave it for work that waits, as soon as each has done its part.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="mfn-compute", initializer=show_name)
        self._urgent, self._slices = _Lane(), _Lane()
        self._running = 0
        self._helpers: dict[Sharing, _Helpers] = {}

    @property
    def busy(self) -> int:
        """Threads at work, those that help among them."""
        return self._running

    async def run(self, principal: str, work: Callable[[], T], patience_s: float | None = None) -> T:
        """The result of a slice, run on a worker thread when no short job waits and the principal's turn comes.

        When the caller is cancelled, work that has not started is dropped and work that has started ends by itself.
        Raises NoWorkerInTime when the work has not started within `patience_s` seconds (None: however long it takes).
        """
        return await self._result(self._slices, principal, work, patience_s)

    async def shared(self, principal: str, work: Callable[[Sharing], T], patience_s: float | None = None) -> T:
        """The result of a slice that shares what it can with idle threads, otherwise as `run`."""
        sharing = Sharing()
        return await self._result(self._slices, principal, partial(_ending, sharing, work), patience_s, sharing)

    async def urgent(self, principal: str, work: Callable[[], T], patience_s: float | None = None) -> T:
        """The result of a short job, as `run` but before all slices."""
        return await self._result(self._urgent, principal, work, patience_s)

    def close(self) -> None:
        """Let running work end and stop the threads."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _result(
        self,
        lane: _Lane,
        principal: str,
        work: Callable[[], T],
        patience_s: float | None,
        sharing: Sharing | None = None,
    ) -> T:
        loop = asyncio.get_running_loop()
        job = _Job(work, loop.create_future(), sharing)
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
        begun = list[_Job]()
        while self._running < self.workers and (job := self._urgent.next() or self._slices.next()) is not None:
            self._running += 1
            job.begun = True
            begun.append(job)
        for job in begun:
            self._start(job)
        self._recall(len(self._urgent) + len(self._slices))

    def _start(self, job: _Job) -> None:
        loop = asyncio.get_running_loop()
        helping = [] if job.sharing is None else [partial(self._help, job.sharing, loop)] * self._enlist(job.sharing)
        try:
            started = loop.run_in_executor(self._threads, job.work)
        except RuntimeError as closed:  # no thread is left, nor will one come
            self._count_off(job)
            job.done.set_exception(closed)
            loop.call_soon(self._dispatch)  # so that the others that wait hear of it, too
            return
        started.add_done_callback(partial(self._finished, job))
        for help_it in helping:
            self._threads.submit(help_it)

    def _finished(self, job: _Job, ended: asyncio.Future[Any]) -> None:
        self._count_off(job)
        error = ended.exception()  # asked for even when nobody waits: asyncio would report it as never retrieved
        if not job.done.cancelled():
            _pass_on(ended, error, job.done)
        self._dispatch()

    def _count_off(self, job: _Job) -> None:
        self._running -= 1
        if job.sharing is not None:
            self._running -= self._helpers.pop(job.sharing).here  # they leave with it, without a word

    def _enlist(self, sharing: Sharing) -> int:
        """Count the threads that will help a job, and return how many."""
        fair = self.workers // (len(self._helpers) + 1) - 1
        helpers = max(0, min(fair, self.workers - self._running))
        self._helpers[sharing] = _Helpers(helpers)
        self._running += helpers
        sharing.enlist(helpers)
        return helpers

    def _help(self, sharing: Sharing, loop: asyncio.AbstractEventLoop) -> None:
        """Help a job, on a worker thread."""
        if sharing.help():
            loop.call_soon_threadsafe(self._came_back, sharing)

    def _came_back(self, sharing: Sharing) -> None:
        helpers = self._helpers.get(sharing)
        if helpers is None:
            return  # counted off when the job ended
        helpers.here -= 1
        helpers.leaving -= 1
        self._running -= 1
        self._dispatch()

    def _recall(self, wanted: int) -> None:
        """Send helpers away, so that as many threads as jobs that wait become free."""
        wanted -= sum(helpers.leaving for helpers in self._helpers.values())
        for sharing, helpers in self._helpers.items():
            going = max(0, min(wanted, helpers.here - helpers.leaving))
            if going:
                sharing.send_away(going)
                helpers.leaving += going
                wanted -= going


def _ending(sharing: Sharing, work: Callable[[Sharing], T]) -> T:
    """What the work returns; its helpers leave when it ends."""
    try:
        return work(sharing)
    finally:
        sharing.close()


def _pass_on(ended: asyncio.Future[Any], error: BaseException | None, to: asyncio.Future[Any]) -> None:
    if error is not None:
        to.set_exception(error)
    else:
        to.set_result(ended.result())
