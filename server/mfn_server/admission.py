"""Admission control: how many calls compute, how many wait to, and how many bytes they may hold together."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault

SHORTEST_RETRY_S, LONGEST_RETRY_S = 0.1, 30.0


@dataclass(eq=False)
class Place:
    """One running slot and the bytes of a job; `completed` is set by a job that did all it was asked to."""

    size: int
    completed: bool = False
    granted: asyncio.Future[bool] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Admission:
    """A bounded number of running jobs and bytes, and a bounded first-come queue; beyond it OVERLOADED."""

    def __init__(self, *, max_running: int, max_queued: int, max_bytes: int) -> None:
        self._max_running, self._max_queued, self._max_bytes = max_running, max_queued, max_bytes
        self.running = 0
        self.bytes_held = 0
        self._queue: deque[Place] = deque()
        self._typical_s = 1.0

    @property
    def queued(self) -> int:
        """Jobs that wait."""
        return len(self._queue)

    @asynccontextmanager
    async def admit(self, size: int, patience_s: float | None = None) -> AsyncIterator[Place]:
        """Hold one running slot and `size` bytes; wait for them in the queue when there is room in it.

        After `patience_s` seconds in the queue the job is refused with DEADLINE_TOO_SHORT (None: it waits).
        """
        place = Place(size)
        await self._enter(place, patience_s)
        started = monotonic()
        try:
            yield place
        finally:
            if place.completed:
                self._typical_s += 0.2 * (monotonic() - started - self._typical_s)
            self._leave(size)

    async def _enter(self, place: Place, patience_s: float | None) -> None:
        if place.size > self._max_bytes:
            text = f"the call needs {place.size} bytes of memory, this server gives at most {self._max_bytes}"
            raise Fault(reasons.ERROR_REASON_OVERLOADED, f"{text}; use a smaller grid or array, or float32")
        if self._queue or not self._fits(place):
            await self._wait(place, patience_s)
        else:
            self._take(place)

    async def _wait(self, place: Place, patience_s: float | None) -> None:
        if len(self._queue) >= self._max_queued:
            retry_s = self._retry_after_s()
            text = f"{self.running} calls compute and {self.queued} wait; try again in {retry_s:.1f} s"
            raise Fault(reasons.ERROR_REASON_OVERLOADED, text, retry_after_s=retry_s)
        self._queue.append(place)
        limit = None
        if patience_s is not None:
            limit = asyncio.get_running_loop().call_later(patience_s, self._give_up, place)
        try:
            in_time = await place.granted
        except asyncio.CancelledError:
            self._withdraw(place)
            raise
        finally:
            if limit is not None:
                limit.cancel()
        if not in_time:
            text = f"the call waited in the queue behind {self.running} that compute until its deadline was near"
            metadata = {"steps_done": "0"}
            raise Fault(reasons.ERROR_REASON_DEADLINE_TOO_SHORT, f"{text}; allow more time", metadata=metadata)

    def _give_up(self, place: Place) -> None:
        if not place.granted.done():
            self._queue.remove(place)
            place.granted.set_result(False)
            self._admit_waiting()

    def _withdraw(self, place: Place) -> None:
        if place in self._queue:
            self._queue.remove(place)
            self._admit_waiting()
        elif not place.granted.cancelled() and place.granted.result():
            self._leave(place.size)

    def _fits(self, place: Place) -> bool:
        return self.running < self._max_running and self.bytes_held + place.size <= self._max_bytes

    def _take(self, place: Place) -> None:
        self.running += 1
        self.bytes_held += place.size

    def _leave(self, size: int) -> None:
        self.running -= 1
        self.bytes_held -= size
        self._admit_waiting()

    def _admit_waiting(self) -> None:
        while self._queue and self._fits(self._queue[0]):
            place = self._queue.popleft()
            if not place.granted.cancelled():
                self._take(place)
                place.granted.set_result(True)

    def _retry_after_s(self) -> float:
        rounds = (self.queued + 1) / self._max_running
        return min(LONGEST_RETRY_S, max(SHORTEST_RETRY_S, rounds * self._typical_s))
