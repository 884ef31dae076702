"""The status that a server gave to a call of grpc.aio that was still being written to.

A write that fails makes grpc.aio (1.85) put an INTERNAL of its own in the place of the status that the server sent,
which may have come before or may come after. The first one is caught while it is set; a later one can be read.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from itertools import islice
from typing import Any, TypeVar

import grpc
import grpc.aio

from mfn_client._exceptions import DETAILS_KEY, RpcError, build, details_of

T = TypeVar("T")
_BATCH = 16
_OWN = "Internal error from Core"
_LOOK_EVERY_S, _LOOK_TIMES = 0.01, 100


class CallStatus:
    """Watches a call, from before its first message on. `await status.error()` once nothing more comes."""

    def __init__(self, call: Any) -> None:
        self._call = call
        self._first: RpcError | None = None
        call.add_done_callback(self._keep)

    def _keep(self, _call: Any) -> None:
        self._first = _at_once(self._read())

    async def _read(self) -> RpcError | None:
        """The present status as an exception; None for OK."""
        code = await self._call.code()
        if code is grpc.StatusCode.OK:
            return None
        return build(code, await self._call.details() or "", details_of(await self._call.trailing_metadata()))

    async def error(self) -> RpcError | None:
        """What the call ended with; None for OK. Waits for the end."""
        found = await self._read()
        if self._first is not None and not _is_own(self._first):
            return self._first
        for _ in range(_LOOK_TIMES):
            if found is None or not _is_own(found):
                break
            await asyncio.sleep(_LOOK_EVERY_S)
            found = await self._read()
        return found


class TrueStatus:
    """A call whose reader gets the server's own status, whatever became of the writing."""

    def __init__(self, call: Any) -> None:
        self._call, self._status = call, CallStatus(call)

    async def __aiter__(self) -> AsyncIterator[Any]:
        try:
            async for message in self._call:
                yield message
        except grpc.aio.AioRpcError as error:
            raise _for_grpc(await self._status.error()) or error from None

    def __await__(self) -> Any:
        return self._answer().__await__()

    async def _answer(self) -> Any:
        """The one answer of a call that is written to."""
        try:
            return await self._call
        except grpc.aio.AioRpcError as error:
            raise _for_grpc(await self._status.error()) or error from None

    def cancel(self) -> None:
        """End the call."""
        self._call.cancel()


async def in_batches(items: Iterator[T]) -> AsyncIterator[T]:
    """The same items, made some at a time away from the event loop."""
    while batch := await asyncio.to_thread(lambda: list(islice(items, _BATCH))):
        for item in batch:
            yield item


def _for_grpc(error: RpcError | None) -> grpc.aio.AioRpcError | None:
    if error is None:
        return None
    trailers = grpc.aio.Metadata((DETAILS_KEY, error.details))
    return grpc.aio.AioRpcError(error.code, grpc.aio.Metadata(), trailers, error.message)


def _is_own(error: RpcError) -> bool:
    return error.code is grpc.StatusCode.INTERNAL and error.message == _OWN


def _at_once(reading: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that has nothing to wait for."""
    try:
        reading.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]  # StopIteration is not generic
    reading.close()
    raise AssertionError("a call that is over did not tell its status at once")
