"""Bytes on their way to the spool: hashed and written on a thread, a batch while the next one arrives."""

import asyncio
from collections.abc import Callable

from mfn_server.aggregation.uploads import Upload
from mfn_server.federation.disk import Disk

BATCH_BYTES = 2 * 1024 * 1024
HELD_BYTES = 2 * BATCH_BYTES + 256 * 1024
"""The most that a writer holds: a batch at work, and one that fills up to its last chunk."""


class Writer:
    """Writes the updates of one round, whose chunks may interleave, in the order in which they came.

    Holds back a caller who sends faster than the disk takes it.
    """

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._pending: list[tuple[Upload, bytes]] = []
        self._pending_bytes = 0
        self._at_work: asyncio.Future[None] | None = None

    async def put(self, upload: Upload, data: bytes) -> None:
        """Take the next bytes of an update; raises what writing earlier ones raised."""
        self._pending.append((upload, data))
        self._pending_bytes += len(data)
        if self._pending_bytes >= BATCH_BYTES:
            await self._begin()

    async def flush(self) -> None:
        """Until all that was taken is written."""
        await self._begin()
        await self._previous()

    async def settle(self) -> None:
        """Until no thread is at work, well or not; nothing more is written."""
        self._pending.clear()
        if self._at_work is not None:
            await asyncio.wait((self._at_work,))
            self._at_work.exception()

    async def _begin(self) -> None:
        await self._previous()
        if not self._pending:
            return
        batch, self._pending, self._pending_bytes = self._pending, [], 0
        self._at_work = self._disk.begin(_writing(batch))

    async def _previous(self) -> None:
        if self._at_work is not None:
            await asyncio.shield(self._at_work)


def _writing(batch: list[tuple[Upload, bytes]]) -> Callable[[], None]:
    def write() -> None:
        for upload, data in batch:
            upload.append(data)

    return write
