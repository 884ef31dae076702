"""Streams that fill the same upload one after the other: a newer one ends the older at once, and goes on from there."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault

T = TypeVar("T")


def superseded() -> Fault:
    """The end of a stream that another one takes over from."""
    text = "a newer stream goes on with the upload to this federation; run one at a time"
    return Fault(reasons.ERROR_REASON_SESSION_SUPERSEDED, text)


class Turn:
    """One stream's time with an upload: `with` it the stream has it, or waits for it."""

    def __init__(self) -> None:
        self._wanted, self._over = asyncio.Event(), asyncio.Event()

    def __enter__(self) -> "Turn":
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    async def end(self) -> None:
        """Have the stream let go of the upload; returns once it has."""
        self._wanted.set()
        await self._over.wait()

    async def spend(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` returns, unless the turn is ended meanwhile: it is cancelled then, and the stream refused."""
        working, wanted = asyncio.create_task(work), asyncio.create_task(self._wanted.wait())
        try:
            await asyncio.wait((working, wanted), return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            raise superseded()
        finally:
            wanted.cancel()
            working.cancel()
            await asyncio.wait((working,))
