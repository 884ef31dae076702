"""Worker threads for kernels, shared fairly: one slice of work at a time, round-robin over the principals."""

import asyncio
import functools
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass
class _Slice:
    work: Callable[[], Any]
    done: asyncio.Future[Any]


class Compute:
    """Runs short pieces of work that release the GIL on a fixed number of threads.

    Slices of one principal run in the order they came; between principals the turn goes round, so that many calls of
    one principal do not starve another's.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="mfn-compute")
        self._waiting: OrderedDict[str, deque[_Slice]] = OrderedDict()
        self._running = 0

    async def run(self, principal: str, work: Callable[[], T]) -> T:
        """The result of `work`, run on a worker thread when the principal's turn comes.

        When the caller is cancelled, work that has not started is dropped and work that has started ends by itself.
        """
        waiting = _Slice(work, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(principal, deque()).append(waiting)
        self._dispatch()
        result: T = await waiting.done
        return result

    def close(self) -> None:
        """Let running slices end and stop the threads."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _dispatch(self) -> None:
        while self._running < self.workers and (turn := self._next()) is not None:
            self._running += 1
            started = asyncio.get_running_loop().run_in_executor(self._threads, turn.work)
            started.add_done_callback(functools.partial(self._finished, turn))

    def _next(self) -> _Slice | None:
        while self._waiting:
            principal, queue = self._waiting.popitem(last=False)
            turn = queue.popleft()
            if queue:
                self._waiting[principal] = queue
            if not turn.done.cancelled():
                return turn
        return None

    def _finished(self, turn: _Slice, ended: asyncio.Future[Any]) -> None:
        self._running -= 1
        error = ended.exception()  # asked for even when nobody waits: asyncio would report it as never retrieved
        if not turn.done.cancelled():
            _pass_on(ended, error, turn.done)
        self._dispatch()


def _pass_on(ended: asyncio.Future[Any], error: BaseException | None, to: asyncio.Future[Any]) -> None:
    if error is not None:
        to.set_exception(error)
    else:
        to.set_result(ended.result())
