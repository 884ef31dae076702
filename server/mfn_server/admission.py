"""Admission control: how many calls compute, how many wait to, and how many bytes they may hold together."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from time import monotonic

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault
from mfn_server.limiting.subjects import SHOWN
from mfn_server.telemetry.tracing.spans import span

SHORTEST_RETRY_S, LONGEST_RETRY_S = 0.1, 30.0


@dataclass(eq=False)
class Place:
    """What a job asks for: a running slot or none, and bytes. Its `completed` is set once it did all it was asked to.

    number: the place in the order of arrival. passed: whether one that came later took bytes while this one waited
    for them.
    """

    principal: str
    size: int
    number: int
    slot: bool = True
    passed: bool = False
    completed: bool = False
    granted: asyncio.Future[bool] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class _Queue:
    """Places that wait: in the order of arrival for one principal, in turn between principals."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, list[Place]] = OrderedDict()

    def __iter__(self) -> Iterator[Place]:
        """All that have not been cancelled; first those of the principal whose turn it is."""
        for line in self._lines.values():
            yield from (place for place in line if not place.granted.done())

    def add(self, place: Place) -> None:
        self._lines.setdefault(place.principal, []).append(place)

    def serve(self, place: Place) -> None:
        """Take out a place whose turn it is; the turn goes to the other principals."""
        if self.discard(place) and place.principal in self._lines:
            self._lines.move_to_end(place.principal)

    def of(self, principal: str) -> list[Place]:
        """The places of a principal that wait to be admitted."""
        return [place for place in self._lines.get(principal, []) if place.size and not place.granted.done()]

    def discard(self, place: Place) -> bool:
        """Take a place out, if it is there; whether it was."""
        line = self._lines.get(place.principal, [])
        if place not in line:
            return False
        line.remove(place)
        if not line:
            del self._lines[place.principal]
        return True


class Admission:
    """A bounded number of running jobs and bytes, and a bounded queue; beyond it OVERLOADED.

    The turn goes round between the principals that wait; of one principal, who came first goes first. A job that does
    not fit is passed by others that do, until nothing but those that passed it stands in its way: from then on no job
    takes bytes before the oldest one that was passed. So a small job never waits for a large one that could not run
    anyway, and a large one waits for no more than what ran when it came and what passed it until that had ended.

    A stream that waits for its caller holds its bytes and no slot; it takes a slot for as long as it computes. At most
    `max_streams` are open. Their waits for a slot are not counted against the queue: they have been admitted.

    principal_share: below 1, what the jobs of one principal hold and wait for is at most this share of the bytes, and
    of the queue; what goes beyond is refused at once, so that it never stands in the way of others. At 1 a principal
    alone may fill both.
    """

    def __init__(
        self, *, max_running: int, max_queued: int, max_bytes: int, max_streams: int, principal_share: float = 1.0
    ) -> None:
        self._max_running, self._max_queued, self._max_bytes = max_running, max_queued, max_bytes
        self._max_streams = max_streams
        self._shared_out = principal_share < 1
        self._principal_queued = max(1, int(max_queued * principal_share))
        self.max_bytes = int(max_bytes * principal_share)
        """The most that one job, or one principal, can hold."""
        self.running = 0
        self.bytes_held = 0
        self.streams = 0
        self._numbers = count()
        self._holders = set[Place]()
        self._bytes_of = Counter[str]()
        self._queue = _Queue()
        self._typical_s = 1.0

    @property
    def queued(self) -> int:
        """Jobs that wait to be admitted; streams that wait for a slot are not among them."""
        return sum(1 for place in self._queue if place.size)

    @asynccontextmanager
    async def admit(self, principal: str, size: int, patience_s: float | None = None) -> AsyncIterator[Place]:
        """Hold one running slot and `size` bytes; wait for them in the queue when there is room in it.

        After `patience_s` seconds in the queue the job is refused with DEADLINE_TOO_SHORT (None: it waits).
        """
        place = Place(principal, size, next(self._numbers))
        async with self._held(place, patience_s):
            started = monotonic()
            try:
                yield place
            finally:
                if place.completed:
                    self._typical_s += 0.2 * (monotonic() - started - self._typical_s)

    @contextmanager
    def open_stream(self) -> Iterator[None]:
        """Count one open stream; OVERLOADED beyond the most that may be open."""
        if self.streams >= self._max_streams:
            why = f"{self.streams} streams are open, the most that this server keeps"
            raise overloaded(why, LONGEST_RETRY_S)  # nobody knows when one of them ends
        self.streams += 1
        try:
            yield
        finally:
            self.streams -= 1

    @asynccontextmanager
    async def hold(self, principal: str, size: int, patience_s: float | None = None) -> AsyncIterator[None]:
        """Hold `size` bytes for an open stream; waits as `admit` does."""
        async with self._held(Place(principal, size, next(self._numbers), slot=False), patience_s):
            yield

    @asynccontextmanager
    async def slot(self, principal: str, patience_s: float | None = None) -> AsyncIterator[None]:
        """Hold one running slot for a stream that holds its bytes; waits for it however long the queue is."""
        async with self._held(Place(principal, 0, next(self._numbers)), patience_s):
            yield

    @asynccontextmanager
    async def _held(self, place: Place, patience_s: float | None) -> AsyncIterator[None]:
        if place.size > self.max_bytes:
            text = f"the call needs {place.size} bytes of memory, this server gives at most {self.max_bytes}"
            raise Fault(reasons.ERROR_REASON_OVERLOADED, f"{text}; ask for a smaller grid, array or suite, or float32")
        if self._shared_out and place.size:
            self._keep_to_share(place)
        if self._fits(place, self._reserving()):
            self._take(place)
        else:
            with span("admission", bytes=place.size, running=self.running):
                await self._wait(place, patience_s)
        try:
            yield
        finally:
            self._leave(place)

    def _keep_to_share(self, place: Place) -> None:
        """Refuse what goes beyond the share of its principal."""
        name = place.principal[:SHOWN]
        asked = self._bytes_of[place.principal] + sum(each.size for each in self._queue.of(place.principal))
        if asked + place.size > self.max_bytes:
            why = f"the call needs {place.size} bytes of memory; {name} holds and waits for {asked}"
            text = f"{why} of the {self.max_bytes} that one principal may"
            raise self._overloaded(text, f"principal:{name}/state_bytes")

    async def _wait(self, place: Place, patience_s: float | None) -> None:
        if place.size and self.queued >= self._max_queued:
            raise self._overloaded(f"{self.running} calls compute and {self.queued} wait")
        if self._shared_out and place.size and len(self._queue.of(place.principal)) >= self._principal_queued:
            why = f"{self._principal_queued} calls of {place.principal[:SHOWN]} wait, the most of one principal"
            raise self._overloaded(why, f"principal:{place.principal[:SHOWN]}/queue")
        self._queue.add(place)
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
            self._queue.discard(place)
            place.granted.set_result(False)
            self._admit_waiting()

    def _withdraw(self, place: Place) -> None:
        if place in self._holders:
            self._leave(place)
        elif self._queue.discard(place):
            self._admit_waiting()

    def _fits(self, place: Place, reserving: Place | None) -> bool:
        """Whether a place can be taken now; bytes only when none is reserving them, or this one is."""
        allowed = not place.size or reserving is None or reserving is place
        return allowed and (self.running < self._max_running or not place.slot) and self._has_room(place)

    def _has_room(self, place: Place) -> bool:
        return self.bytes_held + place.size <= self._max_bytes

    def _reserving(self) -> Place | None:
        """The oldest that was passed, when it would fit if those that came later were gone."""
        oldest = min((place for place in self._queue if place.passed), key=_number, default=None)
        if oldest is None:
            return None
        before = sum(holder.size for holder in self._holders if holder.number < oldest.number)
        return oldest if before + oldest.size <= self._max_bytes else None

    def _take(self, place: Place) -> None:
        if place.size:
            for waiting in self._queue:
                waiting.passed |= waiting.number < place.number and not self._has_room(waiting)
        self._holders.add(place)
        self.running += place.slot
        self.bytes_held += place.size
        if place.size:
            self._bytes_of[place.principal] += place.size

    def _leave(self, place: Place) -> None:
        self._holders.remove(place)
        self.running -= place.slot
        self.bytes_held -= place.size
        if place.size:
            self._bytes_of[place.principal] -= place.size
            if not self._bytes_of[place.principal]:
                del self._bytes_of[place.principal]
        self._admit_waiting()

    def _admit_waiting(self) -> None:
        while (place := self._next()) is not None:
            self._queue.serve(place)
            self._take(place)
            place.granted.set_result(True)

    def _next(self) -> Place | None:
        """The waiting place that is to be taken now: the first in turn that fits."""
        reserving = self._reserving()
        return next((place for place in self._queue if self._fits(place, reserving)), None)

    def _overloaded(self, why: str, limit: str | None = None) -> Fault:
        return overloaded(why, self._retry_after_s(), limit)

    def _retry_after_s(self) -> float:
        rounds = (sum(1 for _ in self._queue) + 1) / self._max_running
        return min(LONGEST_RETRY_S, max(SHORTEST_RETRY_S, rounds * self._typical_s))


def overloaded(why: str, retry_s: float, limit: str | None = None) -> Fault:
    """The refusal of what this server has no room for now.

    retry_s: when to try again. limit: which one was reached, where it is a caller's own.
    """
    text = f"{why}; try again in {retry_s:.1f} s"
    return Fault(reasons.ERROR_REASON_OVERLOADED, text, retry_after_s=retry_s, limit=limit)


def _number(place: Place) -> int:
    return place.number
