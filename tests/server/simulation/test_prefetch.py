"""The next item is made while this one is used, and never more than that."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from mfn_server.simulation.prefetch import one_ahead
from tests.server.conftest import Complaints


class Source:
    """Makes 0, 1, 2, ...; notes what was asked for and whether it was closed."""

    def __init__(self, items: int = 5, fail_at: int | None = None, hang_at: int | None = None) -> None:
        self.begun: list[int] = []
        self.closed = False
        self._items, self._fail_at, self._hang_at = items, fail_at, hang_at

    async def items(self) -> AsyncGenerator[int, None]:
        try:
            for item in range(self._items):
                self.begun.append(item)
                if item == self._hang_at:
                    await asyncio.Event().wait()
                await asyncio.sleep(0)
                if item == self._fail_at:
                    raise ZeroDivisionError(f"at item {item}")
                yield item
        finally:
            self.closed = True


async def settled() -> None:
    """Lets everything run that can; nothing here waits for anything but tasks."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_all_items_come_in_order_and_the_source_is_closed() -> None:
    source = Source()
    assert [item async for item in one_ahead(source.items())] == [0, 1, 2, 3, 4]
    assert source.closed


async def test_an_empty_source_gives_nothing() -> None:
    assert [item async for item in one_ahead(Source(items=0).items())] == []


async def test_while_an_item_is_used_the_next_is_made_and_no_other() -> None:
    source = Source()
    async with aclosing(one_ahead(source.items())) as items:
        async for item in items:
            await settled()
            assert source.begun == list(range(min(item + 2, 5)))


async def test_nothing_is_made_before_it_is_asked_for() -> None:
    source = Source()
    items = one_ahead(source.items())
    await settled()
    assert source.begun == []
    await items.aclose()


async def test_a_reader_that_leaves_closes_the_source_even_while_it_works() -> None:
    source = Source(hang_at=1)
    async with aclosing(one_ahead(source.items())) as items:
        assert await anext(items) == 0
        await settled()
        assert source.begun == [0, 1]
    assert source.closed


async def test_a_reader_that_is_cancelled_while_it_waits_closes_the_source() -> None:
    source = Source(hang_at=1)

    async def read() -> None:
        async with aclosing(one_ahead(source.items())) as items:
            async for _ in items:
                pass

    reader = asyncio.create_task(read())
    await settled()
    assert source.begun == [0, 1]
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert source.closed


async def test_an_exception_comes_after_the_items_that_were_made_before_it() -> None:
    source, seen = Source(fail_at=2), list[int]()

    async def read() -> None:
        async for item in one_ahead(source.items()):
            await settled()  # by now the next item has failed, or is made
            seen.append(item)

    with pytest.raises(ZeroDivisionError, match="at item 2"):
        await read()
    assert seen == [0, 1]
    assert source.closed


async def test_an_exception_that_no_reader_stayed_for_is_not_reported_as_unretrieved(
    complaints: Complaints,
) -> None:
    source = Source(fail_at=1)
    async with aclosing(one_ahead(source.items())) as items:
        assert await anext(items) == 0
        await settled()
    assert source.closed
    assert complaints() == []
