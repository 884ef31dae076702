"""Messages of a stream: waited for as long as is allowed, and no longer than the server lives."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from mfn_server.aggregation.inbox import Inbox
from mfn_server.errors import Fault


class Stream:
    """Messages that come when the test says so."""

    def __init__(self) -> None:
        self.queue = asyncio.Queue[int | None]()
        self.closed = False

    async def messages(self) -> AsyncIterator[int]:
        try:
            while (message := await self.queue.get()) is not None:
                yield message
        finally:
            self.closed = True


async def test_messages_come_in_order_and_none_at_the_end() -> None:
    stream = Stream()
    for message in (1, 2, None):
        stream.queue.put_nowait(message)
    async with Inbox(stream.messages(), asyncio.Event()) as inbox:
        assert [await inbox.next(None), await inbox.next(60.0), await inbox.next(60.0)] == [1, 2, None]


async def test_silence_beyond_what_is_allowed_is_refused() -> None:
    stream = Stream()
    async with Inbox(stream.messages(), asyncio.Event()) as inbox:
        with pytest.raises(Fault, match=r"no message arrived for 0.01 s"):
            await inbox.next(0.01)
    assert stream.closed


@pytest.mark.parametrize("idle_s", [None, 60.0])
async def test_a_server_that_shuts_down_ends_the_wait(idle_s: float | None) -> None:
    stream, drained = Stream(), asyncio.Event()
    async with Inbox(stream.messages(), drained) as inbox:
        reading = asyncio.ensure_future(inbox.next(idle_s))
        await asyncio.sleep(0)
        drained.set()
        with pytest.raises(Fault, match="shutting down"):
            await reading


async def test_a_server_that_shuts_down_takes_no_further_message() -> None:
    stream, drained = Stream(), asyncio.Event()
    stream.queue.put_nowait(1)
    drained.set()
    async with Inbox(stream.messages(), drained) as inbox:
        with pytest.raises(Fault, match="shutting down"):
            await inbox.next(None)


async def test_what_the_stream_raises_is_raised() -> None:
    async def broken() -> AsyncIterator[int]:
        for divisor in (1, 0):
            yield 1 // divisor

    async with Inbox(broken(), asyncio.Event()) as inbox:
        assert await inbox.next(1.0) == 1
        with pytest.raises(ZeroDivisionError):
            await inbox.next(1.0)


async def test_no_task_is_left_behind() -> None:
    before = asyncio.all_tasks()
    async with Inbox(Stream().messages(), asyncio.Event()):
        pass
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
