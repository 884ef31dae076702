"""Admission control: how many simulations run, how many wait, and how many bytes of state they may hold."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault

SHORTEST_RETRY_S, LONGEST_RETRY_S = 0.1, 30.0


@dataclass
class _Ticket:
    size: int
    granted: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Admission:
    """A bounded number of running jobs and bytes, and a bounded first-come queue; beyond it OVERLOADED."""

    def __init__(self, *, max_running: int, max_queued: int, max_bytes: int) -> None:
        self._max_running, self._max_queued, self._max_bytes = max_running, max_queued, max_bytes
        self.running = 0
        self.bytes_held = 0
        self._queue: deque[_Ticket] = deque()
        self._typical_s = 1.0

    @property
    def queued(self) -> int:
        """Jobs that wait."""
        return len(self._queue)

    @asynccontextmanager
    async def admit(self, size: int) -> AsyncIterator[None]:
        """Hold one running slot and `size` bytes; wait for them in the queue when there is room in it."""
        await self._enter(_Ticket(size))
        started = monotonic()
        try:
            yield
        finally:
            self._typical_s += 0.2 * (monotonic() - started - self._typical_s)
            self._leave(size)

    async def _enter(self, ticket: _Ticket) -> None:
        if ticket.size > self._max_bytes:
            text = f"the simulation needs {ticket.size} bytes of state, this server holds at most {self._max_bytes}"
            raise Fault(reasons.ERROR_REASON_OVERLOADED, f"{text}; use a smaller grid or float32")
        if self._queue or not self._fits(ticket):
            await self._wait(ticket)
        else:
            self._take(ticket)

    async def _wait(self, ticket: _Ticket) -> None:
        if len(self._queue) >= self._max_queued:
            retry_s = self._retry_after_s()
            text = f"{self.running} simulations run and {self.queued} wait; try again in {retry_s:.1f} s"
            raise Fault(reasons.ERROR_REASON_OVERLOADED, text, retry_after_s=retry_s)
        self._queue.append(ticket)
        try:
            await ticket.granted
        except asyncio.CancelledError:
            self._withdraw(ticket)
            raise

    def _withdraw(self, ticket: _Ticket) -> None:
        if ticket in self._queue:
            self._queue.remove(ticket)
            self._admit_waiting()
        elif not ticket.granted.cancelled():
            self._leave(ticket.size)

    def _fits(self, ticket: _Ticket) -> bool:
        return self.running < self._max_running and self.bytes_held + ticket.size <= self._max_bytes

    def _take(self, ticket: _Ticket) -> None:
        self.running += 1
        self.bytes_held += ticket.size

    def _leave(self, size: int) -> None:
        self.running -= 1
        self.bytes_held -= size
        self._admit_waiting()

    def _admit_waiting(self) -> None:
        while self._queue and self._fits(self._queue[0]):
            ticket = self._queue.popleft()
            if not ticket.granted.cancelled():
                self._take(ticket)
                ticket.granted.set_result(None)

    def _retry_after_s(self) -> float:
        rounds = (self.queued + 1) / self._max_running
        return min(LONGEST_RETRY_S, max(SHORTEST_RETRY_S, rounds * self._typical_s))
