"""The server's own status of calls that are written to while the server refuses them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
import grpc.aio
import pytest

from mfn_client import PermissionDenied
from mfn_client._exceptions import translated
from mfn_client._statuses import CallStatus, TrueStatus, in_batches
from tests.client.refusing import ATTEMPTS, REASON, answering, refuse

LARGE = b"x" * 100_000


async def count(_requests: Any, context: Any) -> bytes:
    """The number of messages."""
    number = 0
    while await context.read() is not grpc.aio.EOF:
        number += 1
    return str(number).encode()


@pytest.fixture
async def channel() -> AsyncIterator[Any]:
    methods: Any = {
        "both": grpc.stream_stream_rpc_method_handler(refuse),
        "one": grpc.stream_unary_rpc_method_handler(refuse),
        "count": grpc.stream_unary_rpc_method_handler(count),
    }
    async with answering("test", methods) as target, grpc.aio.insecure_channel(target) as opened:
        yield opened


async def write_on(call: Any) -> None:
    while True:
        await call.write(LARGE)


async def test_a_writer_learns_why_the_server_refused(channel: Any) -> None:
    for _ in range(ATTEMPTS):
        call: Any = channel.stream_stream("/test/both")()
        status = CallStatus(call)
        with pytest.raises((grpc.aio.AioRpcError, asyncio.InvalidStateError)):
            await write_on(call)
        error = await status.error()
        assert isinstance(error, PermissionDenied)
        assert error.reason == REASON


def endless() -> Iterator[bytes]:
    while True:
        yield LARGE


async def test_a_reader_beside_a_stream_of_requests_learns_it_too(channel: Any) -> None:
    for _ in range(ATTEMPTS):
        call = TrueStatus(channel.stream_stream("/test/both")(in_batches(endless())))
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            [message async for message in call]
        assert translated(raised.value).reason == REASON


async def test_and_so_does_who_waits_for_one_answer(channel: Any) -> None:
    for _ in range(ATTEMPTS):
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await TrueStatus(channel.stream_unary("/test/one")(in_batches(endless())))
        assert translated(raised.value).reason == REASON


async def test_a_call_that_ends_well_has_no_error_and_an_answer(channel: Any) -> None:
    found: Any = channel.stream_unary("/test/count")(in_batches(iter([LARGE] * 40)))
    status = CallStatus(found)
    assert await TrueStatus(found) == b"40"
    assert await status.error() is None
