"""The messages of a stream that may be silent between rounds and not within one."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Generic, Self, TypeVar

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault, draining

M = TypeVar("M")


class Inbox(Generic[M]):
    """Reads a stream; refuses a caller that falls silent, and ends with the server.

    drained: set when the server shuts down. One timer a message and no task: there are thousands in a second.
    """

    def __init__(self, requests: AsyncIterator[M], drained: asyncio.Event) -> None:
        self._requests, self._drained = requests, drained
        self._limit: asyncio.Timeout | None = None

    async def __aenter__(self) -> Self:
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watching.cancel()

    async def next(self, idle_s: float | None) -> M | None:
        """The next message, None at the end of the stream; idle_s: None waits however long it takes."""
        if self._drained.is_set():
            raise draining()
        try:
            async with asyncio.timeout(idle_s) as self._limit:
                return await anext(self._requests, None)
        except TimeoutError:
            if self._drained.is_set():
                raise draining() from None
            text = (
                f"no message arrived for {idle_s:g} s in an open round; open the stream again and begin the round anew"
            )
            raise Fault(reasons.ERROR_REASON_STREAM_IDLE, text) from None
        finally:
            self._limit = None

    async def _watch(self) -> None:
        await self._drained.wait()
        if self._limit is not None:
            self._limit.reschedule(asyncio.get_running_loop().time())
