"""What all calls that compute share: workers, admission, stored arrays, and how long things may take."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TypeVar

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.admission import Admission, Place
from mfn_server.compute import Compute, NoWorkerInTime
from mfn_server.errors import Fault, draining
from mfn_server.grids import MOST_CELLS
from mfn_server.kernels import Group, Kernels
from mfn_server.parts import arriving
from mfn_server.rpc.call import Caller
from mfn_server.simulation.checkpoints import CheckpointStore
from mfn_server.simulation.tokens import Tokens
from mfn_server.telemetry.metrics.metrics import Metrics
from mfn_server.uploads import ArrayStore

ANSWER_MARGIN_S = 0.05
"""How long before the deadline a call stops working, so that its answer still arrives."""
WARM_UP_RETRY_S = 1.0

M = TypeVar("M")
T = TypeVar("T")


@dataclass(frozen=True)
class Pace:
    """How long things may take.

    slice_s: longest piece of compute between two looks at cancellation, deadline and drain.
    checkpoint_s: compute between two checkpoints. upload_idle_s: longest silence of a caller who sends an array in
    parts or a stream of frames.
    """

    slice_s: float
    checkpoint_s: float
    upload_idle_s: float


@dataclass(frozen=True)
class Runtime:
    """Shared by every call that computes on the workers. most_cells: of a grid or field of a request."""

    compute: Compute
    admission: Admission
    tokens: Tokens
    checkpoints: CheckpointStore | None
    arrays: ArrayStore
    kernels: Kernels
    draining: asyncio.Event
    pace: Pace
    metrics: Metrics
    most_cells: int = MOST_CELLS

    def patience_s(self, call: Caller, needed_s: float = 0) -> float | None:
        """How long a call can wait for something that takes `needed_s` and still answer; None without a deadline."""
        remaining = call.time_remaining()
        return None if remaining is None else max(0.0, remaining - needed_s - ANSWER_MARGIN_S)

    def admit(self, size: int, call: Caller) -> AbstractAsyncContextManager[Place]:
        """A place for work that holds `size` bytes; a wait for it leaves time for a slice and the answer."""
        return self.admission.admit(call.principal, size, self.patience_s(call, self.pace.slice_s))

    def hold(self, size: int, call: Caller) -> AbstractAsyncContextManager[None]:
        """Bytes of an open stream, which holds no running slot while it waits for its caller."""
        return self.admission.hold(call.principal, size, self.patience_s(call))

    def slot(self, call: Caller) -> AbstractAsyncContextManager[None]:
        """A running slot for as long as an open stream computes."""
        return self.admission.slot(call.principal, self.patience_s(call, self.pace.slice_s))

    def arriving(self, requests: AsyncIterator[M], remedy: str) -> AsyncGenerator[M, None]:
        """The messages of a stream as they come, to be closed; refuses a silent caller, and ends with the server.

        remedy: what a silent caller is told to do.
        """
        return arriving(requests, self.pace.upload_idle_s, self.draining, remedy)

    async def urgent(self, call: Caller, work: Callable[[], T]) -> T:
        """A short job of a call that has computed no step yet; DEADLINE_TOO_SHORT when no worker is free in time."""
        try:
            return await self.compute.urgent(call.principal, work, self.patience_s(call))
        except NoWorkerInTime:
            text = "no worker was free until the deadline was near; allow more time"
            metadata = {"steps_done": "0"}
            raise Fault(reasons.ERROR_REASON_DEADLINE_TOO_SHORT, text, metadata=metadata) from None

    async def ready(self, call: Caller, needed: Collection[Group]) -> None:
        """Wait until these kernels are compiled, as long as the caller's deadline allows; refuse when draining."""
        self.kernels.start(needed)
        if not self.kernels.finished(needed) and not self.draining.is_set():
            await self._wait(needed, self.patience_s(call))
        self.refuse_when_draining()
        if not self.kernels.finished(needed):
            text = "the server is still compiling its kernels; try again shortly"
            raise Fault(reasons.ERROR_REASON_WARMING_UP, text, retry_after_s=WARM_UP_RETRY_S)
        if not self.kernels.usable(needed):
            raise Fault(reasons.ERROR_REASON_INTERNAL, "the kernels of this server could not be compiled; see its log")

    async def _wait(self, needed: Collection[Group], patience: float | None) -> None:
        """Until the kernels are compiled or the server drains, or the time left is just enough to say so."""
        compiled, drained = self.kernels.wait(needed), self.draining.wait()
        waits = [asyncio.ensure_future(wait) for wait in (compiled, drained)]
        try:
            await asyncio.wait(waits, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def reason_to_stop(self, call: Caller, needed_s: float, *, closing: bool = False) -> pb.StopReason | None:
        """Why a call must not begin anything that takes `needed_s`; None when it may.

        closing: whether it is part of the call's last answer, which is given while the server drains too.
        """
        if self.draining.is_set() and not closing:
            return pb.STOP_REASON_DRAINING
        spare_s = self.patience_s(call, needed_s)
        return None if spare_s is None or spare_s > 0 else pb.STOP_REASON_DEADLINE

    def refuse_when_draining(self) -> None:
        """No new work while the server shuts down."""
        if self.draining.is_set():
            raise draining()
