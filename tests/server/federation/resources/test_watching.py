"""Events reach those who watch once each and in order, whether they come from the journal or live."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any

import pytest

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.errors import Fault
from mfn_server.federation.resources.watching import MOST_WAITING, Watchers, watch

BATCH = 3


def kept(sequence: int) -> pb.WatchFederationResponse:
    return pb.WatchFederationResponse(sequence=sequence, model_published=pb.ModelRef(version=sequence))


def arrived(sequence: int) -> pb.WatchFederationResponse:
    change = pb.ParticipantEvent(change=pb.PARTICIPANT_CHANGE_CONNECTED)
    return pb.WatchFederationResponse(sequence=sequence, participant_changed=change)


def finished(sequence: int) -> pb.WatchFederationResponse:
    federation = pb.Federation(state=pb.FEDERATION_STATE_FINISHED)
    return pb.WatchFederationResponse(sequence=sequence, federation_changed=federation)


class Told:
    """A federation's journal and those who watch it. blocked: while set, the journal answers nothing."""

    def __init__(self, count: int = 0) -> None:
        self.journal = [kept(number) for number in range(1, count + 1)]
        self.watchers = Watchers(count, finished=False)
        self.drained = asyncio.Event()
        self.gone = False
        self.reads = 0
        self.open = asyncio.Event()
        self.open.set()

    def tell(self, *messages: pb.WatchFederationResponse) -> None:
        self.journal += [each for each in messages if not each.participant_changed.change]
        self.watchers.tell(messages)

    async def read_after(self, sequence: int) -> Sequence[pb.WatchFederationResponse] | None:
        self.reads += 1
        found = [each for each in self.journal if each.sequence > sequence][:BATCH]
        await self.open.wait()
        return None if self.gone else found

    def watch(self, after: int | None = None) -> Any:
        return aclosing(watch(self.watchers, self.read_after, after, self.drained))


async def live(told: Told, stream: AsyncIterator[pb.WatchFederationResponse]) -> int:
    """Have the reader wait for live events; the sequence of the first one, which is told here."""
    first = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    told.tell(kept(told.watchers.sequence + 1))
    return (await first).sequence


async def sequences(stream: AsyncIterator[pb.WatchFederationResponse], count: int) -> list[int]:
    async with asyncio.timeout(20):
        return [(await anext(stream)).sequence for _ in range(count)]


async def rest(stream: AsyncIterator[pb.WatchFederationResponse]) -> list[int]:
    async with asyncio.timeout(20):
        return [message.sequence async for message in stream]


async def test_all_kept_events_come_first_and_live_ones_follow_without_gap_or_repeat() -> None:
    told = Told(10)
    async with told.watch(0) as stream:
        assert await sequences(stream, 1) == [1]
        told.tell(kept(11))
        assert await sequences(stream, 10) == list(range(2, 12))
        told.tell(kept(12), kept(13))
        assert await sequences(stream, 2) == [12, 13]


async def test_events_after_a_sequence_are_all_that_comes() -> None:
    told = Told(10)
    async with told.watch(7) as stream:
        assert await sequences(stream, 3) == [8, 9, 10]


async def test_by_default_only_events_to_come_are_sent_and_the_journal_is_not_asked() -> None:
    told = Told(10)
    async with told.watch() as stream:
        assert await live(told, stream) == 11
    assert told.reads == 0


async def test_events_of_connections_come_live_between_the_kept_ones() -> None:
    told = Told(1)
    async with told.watch() as stream:
        assert await live(told, stream) == 2
        told.tell(arrived(2), kept(3), arrived(3))
        assert await sequences(stream, 3) == [2, 3, 3]


async def test_an_event_told_while_the_journal_is_read_is_not_sent_twice() -> None:
    told = Told(2)
    told.open.clear()
    async with told.watch(0) as stream:
        first = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        told.tell(kept(3), kept(4))
        told.open.set()
        assert (await first).sequence == 1
        told.tell(finished(5))
        assert await rest(stream) == [2, 3, 4, 5]


async def test_a_reader_who_falls_behind_gets_every_kept_event_from_the_journal() -> None:
    told = Told()
    async with told.watch() as stream:
        assert await live(told, stream) == 1
        last = 2 * MOST_WAITING
        for number in range(2, last):
            told.tell(kept(number), arrived(number))
        (subscription,) = told.watchers._open
        assert len(subscription._waiting) <= MOST_WAITING
        told.tell(finished(last))
        assert await rest(stream) == list(range(2, last + 1))


async def test_a_reader_who_waits_hears_of_events_after_it_fell_behind_and_caught_up() -> None:
    told = Told()
    async with told.watch() as stream:
        assert await live(told, stream) == 1
        for number in range(2, MOST_WAITING + 5):
            told.tell(kept(number))
        assert await sequences(stream, MOST_WAITING + 3) == list(range(2, MOST_WAITING + 5))
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        told.tell(arrived(MOST_WAITING + 4))
        assert (await waiting).sequence == MOST_WAITING + 4


async def test_the_stream_ends_after_the_event_that_finishes_the_federation() -> None:
    told = Told(1)
    async with told.watch(0) as stream:
        assert await sequences(stream, 1) == [1]
        told.tell(kept(2), finished(3))
        assert await rest(stream) == [2, 3]


@pytest.mark.parametrize(("after", "expected"), [(0, [1, 2, 3]), (2, [3]), (3, []), (9, []), (None, [])])
async def test_a_federation_that_is_over_gives_what_is_kept_and_ends(after: int | None, expected: list[int]) -> None:
    told = Told(3)
    told.watchers.finished = True
    async with told.watch(after) as stream:
        assert await rest(stream) == expected


async def test_a_reader_who_lags_when_the_journal_is_deleted_gets_the_last_event_and_the_end() -> None:
    told = Told(5)
    told.open.clear()
    async with told.watch(0) as stream:
        first = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        told.tell(finished(6))
        told.gone = True
        told.open.set()
        assert (await first).sequence == 6
        assert await rest(stream) == []


async def test_a_server_that_shuts_down_ends_the_stream_of_a_waiting_reader() -> None:
    told = Told(1)
    async with told.watch(0) as stream:
        assert await sequences(stream, 1) == [1]
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        told.drained.set()
        with pytest.raises(Fault) as caught:
            await waiting
    assert caught.value.reason == reasons.ERROR_REASON_SERVER_DRAINING


async def test_nobody_is_left_behind_by_readers_who_leave() -> None:
    told = Told(3)
    async with told.watch(0) as stream:
        await sequences(stream, 2)
        assert len(told.watchers._open) == 1
    assert not told.watchers._open
