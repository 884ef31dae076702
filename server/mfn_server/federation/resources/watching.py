"""Those who watch a federation: kept events from the journal, then live ones, without a gap and without a repeat.

Live events wait for their reader in a bounded buffer. A reader who falls behind loses the buffer, reads what was kept
from the journal again, and goes on live where that ends.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.admission import LONGEST_RETRY_S, overloaded
from mfn_server.errors import draining

MOST_WAITING = 256
"""Live events that wait for a reader; they are shared by all readers."""

_NOT_KEPT = (pb.PARTICIPANT_CHANGE_CONNECTED, pb.PARTICIPANT_CHANGE_DISCONNECTED)

ReadAfter = Callable[[int], Awaitable[Sequence[pb.WatchFederationResponse] | None]]
"""Some kept events after a sequence, in order, none at the end; None when the journal is gone."""


class WatchPlaces:
    """How many watch at the same time, at most; each may for hours, so they take no room from transfers."""

    def __init__(self, most: int) -> None:
        self._most, self._taken = most, 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """A place; OVERLOADED when there is none."""
        if self._taken >= self._most:
            raise overloaded(f"{self._taken} watches are open, the most that this server keeps", LONGEST_RETRY_S)
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


class Subscription:
    """The live events that one reader has not taken yet."""

    def __init__(self) -> None:
        self._waiting = deque[pb.WatchFederationResponse]()
        self._changed = asyncio.Event()
        self.lagging = True

    def put(self, message: pb.WatchFederationResponse) -> None:
        """One more event; when there is no room the reader has to catch up."""
        if len(self._waiting) == MOST_WAITING:
            self.lagging = True
            self._waiting.clear()
        if not self.lagging:
            self._waiting.append(message)
        self._changed.set()

    def catch_up(self) -> None:
        """From here on events wait again; the reader looks into the journal next."""
        self.lagging = False
        self._waiting.clear()

    def wake(self) -> None:
        """Let the reader look around, though there is no event."""
        self._changed.set()

    def take(self) -> pb.WatchFederationResponse | None:
        """The next event, None when there is none yet."""
        return self._waiting.popleft() if self._waiting else None

    async def changed(self) -> None:
        """Wait until there may be something new."""
        self._changed.clear()
        if not self._waiting and not self.lagging:
            await self._changed.wait()


class Watchers:
    """All readers of one federation's events.

    sequence: of the last kept event that was told. finished: whether none of its own is to come any more.
    """

    def __init__(self, sequence: int, *, finished: bool) -> None:
        self.sequence, self.finished = sequence, finished
        self.last: pb.WatchFederationResponse | None = None
        self._open = set[Subscription]()

    def __len__(self) -> int:
        return len(self._open)

    def tell(self, messages: Sequence[pb.WatchFederationResponse]) -> None:
        """Pass on what has happened, once it is durable."""
        for message in messages:
            if _is_kept(message):
                self.sequence = message.sequence
            if _ends(message):
                self.finished, self.last = True, message
            for subscription in self._open:
                subscription.put(message)

    def end(self) -> None:
        """Nothing more is to come, though no event said so."""
        self.finished = True
        for subscription in self._open:
            subscription.wake()

    @contextmanager
    def subscribed(self) -> Iterator[Subscription]:
        """A place among the readers."""
        subscription = Subscription()
        self._open.add(subscription)
        try:
            yield subscription
        finally:
            self._open.remove(subscription)


async def watch(
    watchers: Watchers, read_after: ReadAfter, after_sequence: int | None, drained: asyncio.Event
) -> AsyncGenerator[pb.WatchFederationResponse, None]:
    """The events after this one, or only those to come; ends when the federation has, and with the server.

    Events of connections that happened before the last kept one sent are left out.
    """
    with watchers.subscribed() as subscription, _waking(subscription, drained):
        reader = _Reader(watchers, subscription, watchers.sequence if after_sequence is None else after_sequence)
        if after_sequence is None:
            subscription.catch_up()
        while True:
            async for message in reader.kept(read_after):
                yield message
            for message in reader.live():
                yield message
            if reader.at_end:
                return
            if drained.is_set():
                raise draining()
            await subscription.changed()


class _Reader:
    """Where one reader stands. reached: sequence of the last kept event that it was given."""

    def __init__(self, watchers: Watchers, subscription: Subscription, reached: int) -> None:
        self._watchers, self._subscription, self._reached = watchers, subscription, reached
        self._journal_gone = False

    @property
    def at_end(self) -> bool:
        """Whether the federation is over and the reader knows."""
        over = self._watchers.finished and self._reached >= self._watchers.sequence
        return (over and not self._subscription.lagging) or self._journal_gone

    async def kept(self, read_after: ReadAfter) -> AsyncIterator[pb.WatchFederationResponse]:
        """What the journal holds beyond, unless live events are there for it; the last event when it is gone."""
        while self._subscription.lagging and not self._journal_gone:
            self._subscription.catch_up()
            while found := await read_after(self._reached):
                for message in found:
                    self._reached = message.sequence
                    yield message
            if found is None:
                self._journal_gone = True
                if (last := self._watchers.last) is not None and last.sequence > self._reached:
                    self._reached = last.sequence
                    yield last

    def live(self) -> Iterator[pb.WatchFederationResponse]:
        """The events that wait, without those that the journal gave already."""
        while (message := self._subscription.take()) is not None:
            if message.sequence > self._reached or (message.sequence == self._reached and not _is_kept(message)):
                self._reached = message.sequence
                yield message


@contextmanager
def _waking(subscription: Subscription, drained: asyncio.Event) -> Iterator[None]:
    """Wake the reader when the server shuts down."""
    leaving = asyncio.ensure_future(drained.wait())
    leaving.add_done_callback(lambda _: subscription.wake())
    try:
        yield
    finally:
        leaving.cancel()


def _is_kept(message: pb.WatchFederationResponse) -> bool:
    return message.participant_changed.change not in _NOT_KEPT


def _ends(message: pb.WatchFederationResponse) -> bool:
    return message.federation_changed.state == pb.FEDERATION_STATE_FINISHED
