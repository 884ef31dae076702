"""Computations in pieces, run on the workers a slice at a time: in turn with other callers, and stopped when they must.

A slice runs pieces until about `pace.slice_s` is used. Between two slices the call is looked at: one that was cancelled
computes no further piece, one whose deadline is near and one of a server that drains is `Stopped`.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from time import perf_counter
from typing import Generic, TypeVar

from mfn_grpc.core.pieces import Pieces
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.compute import NoWorkerInTime
from mfn_server.errors import Fault, draining
from mfn_server.rpc.call import Caller
from mfn_server.runtime import Runtime
from mfn_server.sharing import Sharing
from mfn_server.telemetry.tracing.spans import span

NO_WORKER = "no worker was free until the deadline was near; allow more time"
UNDONE = "the deadline was near before the work was done; allow more time, or ask for less"

P = TypeVar("P")
R = TypeVar("R")
T = TypeVar("T")


class Stopped(Exception):
    """A computation was ended between two slices, for this reason; `text` tells a caller of the deadline."""

    def __init__(self, reason: pb.StopReason, text: str = UNDONE) -> None:
        super().__init__(pb.StopReason.Name(reason))
        self.reason, self.text = reason, text

    def fault(self, metadata: Mapping[str, str] | None = None) -> Fault:
        """The failure of a call that has nothing to show for what it computed."""
        if self.reason == pb.STOP_REASON_DRAINING:
            return draining()
        return Fault(reasons.ERROR_REASON_DEADLINE_TOO_SHORT, self.text, metadata=metadata)


class Helped:
    """Idle threads that a computation may use, whichever help the slice that runs; only its pieces call `share`."""

    def __init__(self) -> None:
        self.sharing: Sharing | None = None
        """Of the slice that runs."""

    def share(self, work: Callable[[P], R], parts: Iterable[P]) -> Iterable[R]:
        """What `work` makes of each part, in order, with the threads that are idle now."""
        return map(work, parts) if self.sharing is None else self.sharing.share(work, parts)


class Sliced(Generic[T]):
    """One computation of one call. seconds: time spent in its pieces so far.

    short: whether one slice does it unless the grid is large. That first one goes before all slices of runs, and is not
    given up while a worker is free. closing: whether it makes the call's last answer, which a server that drains gives
    still. reserve_s: what the call needs after it. helped: by whom its slices are helped, if they share their work.
    """

    def __init__(
        self,
        runtime: Runtime,
        call: Caller,
        pieces: Pieces[T],
        *,
        short: bool = False,
        closing: bool = False,
        reserve_s: float = 0,
        helped: Helped | None = None,
    ) -> None:
        self._runtime, self._call, self._pieces, self._helped = runtime, call, pieces, helped
        self._short, self._closing, self._reserve_s = short, closing, reserve_s
        self._abandoned = False
        self._at_work = threading.Lock()
        self._expected_s = runtime.pace.slice_s
        self.seconds = 0.0

    async def result(self) -> T:
        """What the computation returns, or raises; Stopped when it had to end before. Asked for once."""
        try:
            while (ended := await self._next_slice()) is None:
                pass
            return ended[0]
        finally:
            self._abandoned = True
            self._close()

    async def _next_slice(self) -> tuple[T] | None:
        runtime, call, needed_s = self._runtime, self._call, self._expected_s + self._reserve_s
        try:
            if self._short and not self.seconds:
                return await runtime.compute.urgent(call.principal, self._slice, runtime.patience_s(call))
            if reason := runtime.reason_to_stop(call, needed_s, closing=self._closing):
                raise Stopped(reason)
            patience_s = runtime.patience_s(call, needed_s)
            if self._helped is None:
                return await runtime.compute.run(call.principal, self._slice, patience_s)
            return await runtime.compute.shared(call.principal, partial(self._shared, self._helped), patience_s)
        except NoWorkerInTime:
            raise Stopped(pb.STOP_REASON_DEADLINE, UNDONE if self.seconds else NO_WORKER) from None

    def _shared(self, helped: Helped, sharing: Sharing) -> tuple[T] | None:
        """A slice that idle threads help."""
        helped.sharing = sharing
        try:
            return self._slice()
        finally:
            helped.sharing = None

    def _slice(self) -> tuple[T] | None:
        """Compute for about one slice, on a worker thread; the result in a tuple, None when there is none yet."""
        with self._at_work:
            began = perf_counter()
            try:
                ended = self._run_from(began)
            finally:
                seconds = perf_counter() - began
                self.seconds += seconds
                self._expected_s = max(seconds, self._runtime.pace.slice_s)
        if self._abandoned:
            self._close()
        return ended

    def _run_from(self, began: float) -> tuple[T] | None:
        """One piece, and as many more as fit the slice if each takes as long as the one before it."""
        now = began
        while not self._abandoned:
            before = now
            try:
                next(self._pieces)
            except StopIteration as ended:
                return (ended.value,)
            now = perf_counter()
            if now - began + (now - before) > self._runtime.pace.slice_s:
                break
        return None

    def _close(self) -> None:
        """Close the generator, unless a piece of it runs: then the worker does, once that piece has ended."""
        if self._at_work.acquire(blocking=False):
            try:
                self._pieces.close()
            finally:
                self._at_work.release()


async def computed(runtime: Runtime, call: Caller, pieces: Pieces[T]) -> T:
    """What the computation returns; DEADLINE_TOO_SHORT or SERVER_DRAINING when it had to end before."""
    work = Sliced(runtime, call, pieces)
    try:
        with span("compute") as made:
            try:
                return await work.result()
            finally:
                made.set_attribute("mfn.compute_seconds", work.seconds)
    except Stopped as stopped:
        raise stopped.fault() from None


async def prepared(runtime: Runtime, call: Caller, pieces: Pieces[T]) -> T:
    """What a run needs before its first step; fails as `computed` does, and says that no step was done."""
    try:
        return await Sliced(runtime, call, pieces, short=True).result()
    except Stopped as stopped:
        raise stopped.fault({"steps_done": "0"}) from None
