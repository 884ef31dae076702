"""Streamed calls as iterators, on both faces; what is asked for and what comes of it is a state without I/O."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

import grpc
import grpc.aio

from mfn_client._exceptions import RpcError, translated

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
OpenCall = Callable[[Any, float | None], Any]
"""Opens a connection for a request (or an iterator of requests) and its seconds."""


class StreamState(Protocol[T_co]):
    """What both faces drive: it takes messages and failures in, and gives requests, items and waiting times out."""

    def connect(self) -> tuple[Any, float | None]:
        """The request of the next connection, and its seconds."""

    def accept(self, response: Any) -> T_co | None:
        """Take the next message; returns an item when the caller should have one."""

    def failed(self, error: RpcError) -> float:
        """Seconds to wait before the next connection; raises what the caller should see when there is none."""

    def ended(self) -> float | None:
        """The same after a connection that ended without an error; None when everything has been handed out."""


class Streamed(Generic[T]):
    """An iterator over the items of a stream.

    Leaving a `for` loop, `close()` and the end of a `with` block cancel the call, and the server stops computing.
    """

    def __init__(
        self, stream: StreamState[T], open_call: OpenCall, sleep: Callable[[float], object] | None = None
    ) -> None:
        self._state = stream
        self._open_call = open_call
        self._call: Any = None
        self._closed = threading.Event()
        self._sleep = sleep or self._closed.wait  # so that close() from another thread ends the waiting

    def __iter__(self) -> Iterator[T]:
        try:
            while (item := next(self, None)) is not None:
                yield item
        finally:
            self.close()

    def __next__(self) -> T:
        try:
            while not self._closed.is_set():
                item = self._advance()
                if item is not None:
                    return item
        except Exception:
            self.close()
            raise
        raise StopIteration

    def _advance(self) -> T | None:
        """Make one step: connect, read a message, or wait; returns an item when there is one for the caller."""
        if self._call is None:
            self._call = self._open_call(*self._state.connect())
        try:
            response = next(self._call, None)
        except grpc.RpcError as error:
            if not self._closed.is_set():
                self._pause(self._state.failed(translated(error)))
            return None
        if response is not None:
            return self._state.accept(response)
        self._pause(self._state.ended())
        return None

    def _pause(self, delay: float | None) -> None:
        self._call = None
        if delay is None:
            self._closed.set()
        elif delay > 0:
            self._sleep(delay)

    def close(self) -> None:
        """Cancel the call if it is still open; items end here."""
        self._closed.set()
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncStreamed(Generic[T]):
    """As `Streamed`, for `async for` and `async with`; cancelling the task cancels the call."""

    def __init__(
        self, stream: StreamState[T], open_call: OpenCall, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        self._state = stream
        self._open_call = open_call
        self._call: Any = None
        self._messages: AsyncIterator[Any] | None = None
        self._closed = False
        self._sleep = sleep

    async def __aiter__(self) -> AsyncIterator[T]:
        try:
            while (item := await anext(self, None)) is not None:
                yield item
        finally:
            await self.aclose()

    async def __anext__(self) -> T:
        try:
            while not self._closed:
                item = await self._advance()
                if item is not None:
                    return item
        except (Exception, asyncio.CancelledError):
            await self.aclose()
            raise
        raise StopAsyncIteration

    async def _advance(self) -> T | None:
        """Make one step: connect, read a message, or wait; returns an item when there is one for the caller."""
        if self._messages is None:
            self._call = self._open_call(*self._state.connect())
            self._messages = aiter(self._call)
        try:
            response = await anext(self._messages, None)
        except grpc.aio.AioRpcError as error:
            await self._pause(self._state.failed(translated(error)))
            return None
        if response is not None:
            return self._state.accept(response)
        await self._pause(self._state.ended())
        return None

    async def _pause(self, delay: float | None) -> None:
        self._call, self._messages = None, None
        if delay is None:
            self._closed = True
        elif delay > 0:
            await self._sleep(delay)

    async def aclose(self) -> None:
        """Cancel the call if it is still open; items end here."""
        self._closed = True
        call, self._call, self._messages = self._call, None, None
        if call is not None:
            call.cancel()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
