"""The port stays open: a server that stops accepting calls by itself is replaced, and its calls may end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import grpc
import pytest

from mfn_server import listener
from mfn_server.app import Application
from mfn_server.config.loading import load_settings
from mfn_server.lifecycle import Lifecycle
from mfn_server.listener import Listener
from tests.fuzz.http2 import headers, request_headers, start
from tests.server.calling import PATIENCE_S
from tests.server.gates import eventually

BREAKING = start() + headers(1, request_headers(path=b"/\xff"), end=True)


class Echo(grpc.GenericRpcHandler):
    """Answers a stream's messages with themselves, whatever the method."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        async def echo(requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
            async for request in requests:
                yield request

        return grpc.stream_stream_rpc_method_handler(echo)


class Made:
    """Makes servers, and counts them."""

    def __init__(self) -> None:
        self.count = 0

    def reached(self, count: int) -> bool:
        """Whether it has made so many."""
        return self.count == count

    def __call__(self) -> grpc.aio.Server:
        self.count += 1
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        server.add_generic_rpc_handlers((Echo(),))
        return server


@asynccontextmanager
async def watched(made: Made) -> AsyncIterator[str]:
    """A listener that is watched; the address it listens on."""
    ours = Listener(made, None)
    address = f"127.0.0.1:{ours.bind('127.0.0.1:0')}"
    await ours.start()
    watching = asyncio.create_task(ours.watch(address))
    yield address
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    await ours.stop(0)


async def break_it(address: str, done: Callable[[], bool]) -> None:
    """Send a path that is no text, on a connection that stays open until it has had its effect."""
    host, port = address.split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(BREAKING)
    await eventually(done)
    writer.close()


def echo_stream(channel: grpc.aio.Channel) -> Any:
    method: Any = channel.stream_stream("/any/Echo")
    return method(timeout=PATIENCE_S, wait_for_ready=True)


async def said(call: Any, message: bytes) -> bytes:
    """What a stream answers to a message."""
    await call.write(message)
    answer: bytes = await call.read()
    return answer


async def test_a_broken_server_is_replaced_and_the_calls_that_it_has_go_on() -> None:
    made = Made()
    async with watched(made) as address, grpc.aio.insecure_channel(address) as channel:
        before = echo_stream(channel)
        assert await said(before, b"one") == b"one"
        await break_it(address, partial(made.reached, 2))
        assert await said(before, b"two") == b"two"
        await before.done_writing()
        assert await before.read() is grpc.aio.EOF
        async with grpc.aio.insecure_channel(address) as other:
            assert await said(echo_stream(other), b"three") == b"three"


async def test_a_stop_ends_the_calls_of_servers_that_were_replaced_too() -> None:
    made = Made()
    async with watched(made) as address:
        channel = grpc.aio.insecure_channel(address)
        before = echo_stream(channel)
        assert await said(before, b"one") == b"one"
        await break_it(address, partial(made.reached, 2))
    assert await asyncio.wait_for(before.code(), PATIENCE_S) is not grpc.StatusCode.OK
    await channel.close()


async def test_a_server_that_works_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    made, looks, is_running = Made(), list[bool](), listener._is_running

    def look(server: Any) -> bool:
        looks.append(is_running(server))
        return looks[-1]

    monkeypatch.setattr(listener, "_is_running", look)
    async with watched(made) as address, grpc.aio.insecure_channel(address) as channel:
        assert await said(echo_stream(channel), b"one") == b"one"
        await eventually(lambda: len(looks) > 2)
    assert all(looks)
    assert made.count == 1


async def test_it_is_replaced_as_often_as_it_is_broken() -> None:
    made = Made()
    async with watched(made) as address:
        for count in (2, 3):
            await break_it(address, partial(made.reached, count))
            async with grpc.aio.insecure_channel(address) as channel:
                assert await said(echo_stream(channel), b"x") == b"x"


async def test_a_port_in_use_is_told_with_its_address() -> None:
    made = Made()
    async with watched(made) as address:
        with pytest.raises(OSError, match=f"cannot listen on {address}"):
            Listener(made, None).bind(address)


async def test_a_server_whose_port_is_lost_for_good_ends_with_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "REOPEN_FOR_S", 0.1)
    lifecycle = Lifecycle(Application(load_settings(env="dev", host="127.0.0.1", port=0, drain_notice_s=0)))
    await lifecycle.start(warm_up=False)
    address = f"127.0.0.1:{lifecycle.port}"

    def taken(_self: Listener, address: str) -> int:
        raise OSError(f"cannot listen on {address}")

    monkeypatch.setattr(Listener, "bind", taken)
    running = asyncio.create_task(lifecycle.run_until(asyncio.Event()))
    await break_it(address, running.done)
    with pytest.raises(OSError, match=address):
        await running
    await lifecycle.drain()
