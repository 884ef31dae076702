"""An update on its way in: its chunks checked as they come, hashed and written on the disk's threads."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ElementType
from mfn_server.chunks import require_chunk
from mfn_server.federation.disk import Disk
from mfn_server.federation.faults import storage_faults
from mfn_server.federation.machine.actions import PayloadKey
from mfn_server.federation.payload_keys import manifest_key, update_key, updates_of
from mfn_server.federation.storage.draft import Claim, Draft
from mfn_server.federation.storage.errors import StorageError
from mfn_server.federation.storage.payload_store import PayloadStore

BATCH_BYTES = 2 * 1024 * 1024
"""Written in one go, while the next batch arrives."""
log = logging.getLogger(__name__)


class Growing(Protocol):
    """A payload that grows, as `Draft` does."""

    @property
    def size(self) -> int:
        """Bytes taken so far."""

    def append(self, data: bytes) -> None:
        """More payload."""

    def sync(self) -> int:
        """Make durable what was written; how many bytes of payload that is."""

    def finish(self, sha256: bytes) -> None:
        """Make the whole durable under its name."""

    def discard(self) -> None:
        """Delete what was written."""

    def close(self) -> None:
        """Stop here."""


class FreshDraft:
    """A draft of which nothing is there yet: its file is made with its first bytes, so a small one costs one go."""

    size = 0

    def __init__(self, make: Callable[[], Draft]) -> None:
        self._make = make
        self._made: Draft | None = None

    def append(self, data: bytes) -> None:
        """More payload."""
        if self._made is None:
            self._made = self._make()
        self._made.append(data)

    def sync(self) -> int:
        """Make durable what was written; how many bytes of payload that is."""
        return 0 if self._made is None else self._made.sync()

    def finish(self, sha256: bytes) -> None:
        """Make the whole, of one byte at least, durable under its name."""
        if self._made is not None:
            self._made.finish(sha256)

    def discard(self) -> None:
        """Delete what was written."""
        if self._made is not None:
            self._made.discard()

    def close(self) -> None:
        """Stop here."""
        if self._made is not None:
            self._made.close()


class Upload:
    """One update. received: bytes taken so far, those of earlier streams among them.

    Holds at most two batches and a chunk: a sender who is faster than the disk waits.
    """

    def __init__(self, key: PayloadKey, draft: Growing, total_bytes: int, disk: Disk) -> None:
        self.key, self.total_bytes = key, total_bytes
        self.received = draft.size
        self._draft, self._disk = draft, disk
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._at_work: asyncio.Future[None] | None = None

    @property
    def complete(self) -> bool:
        """Whether all its bytes have come."""
        return self.received == self.total_bytes

    async def take(self, chunk: pb.Chunk) -> None:
        """The next bytes; refuses a chunk that does not continue them."""
        require_chunk(chunk, self.received, self.total_bytes)
        await self.append(chunk.data)

    async def append(self, data: bytes) -> None:
        """The next bytes, from a chunk that was checked."""
        self.received += len(data)
        self._pending.append(data)
        self._pending_bytes += len(data)
        if self._pending_bytes >= BATCH_BYTES:
            with storage_faults():
                await self._previous()
                self._at_work = self._disk.begin(self._writing())

    async def finish(self) -> None:
        """Make it durable under its name; DIGEST_MISMATCH, and it is gone, when it is not what was claimed."""
        with storage_faults():
            await self._previous()
            await self._disk.run(self._writing(partial(self._draft.finish, self.key.sha256)))

    async def discard(self) -> None:
        """Forget it: its bytes are not needed."""
        await self._settle()
        await self._disk.run(self._draft.discard)

    async def sync(self) -> int:
        """Make durable what came; from which byte on another stream would continue."""
        with storage_faults():
            await self._previous()
            await self._disk.run(self._writing())
            return await self._disk.run(self._draft.sync)

    async def suspend(self) -> None:
        """Keep what came, for the stream that goes on with it."""
        await self._settle()
        try:
            await self._disk.run(self._writing(self._draft.sync))
        except StorageError as error:
            log.warning("what came of an update could not be kept; it starts again: %s", error)
        await self._disk.run(self._draft.close)

    def _writing(self, then: Callable[[], object] | None = None) -> Callable[[], None]:
        """Writes what waits, for a thread of the disk."""
        batch, self._pending, self._pending_bytes = self._pending, [], 0

        def write() -> None:
            for data in batch:
                self._draft.append(data)
            if then is not None:
                then()

        return write

    async def _previous(self) -> None:
        if self._at_work is not None:
            await asyncio.shield(self._at_work)

    async def _settle(self) -> None:
        """Until no thread is at work, well or not."""
        if self._at_work is not None:
            await asyncio.wait((self._at_work,))
            self._at_work.exception()


async def open_upload(updates: PayloadStore, key: PayloadKey, total_bytes: int, disk: Disk) -> Upload:
    """The upload of a payload, where the last stream left it."""
    name = update_key(key)

    def make() -> Draft:
        updates.discard_drafts(updates_of(key), but=name)  # whoever never ends an update leaves one behind, not many
        return updates.draft(name, Claim(key.sha256, total_bytes))

    if not updates.drafted(name):
        return Upload(key, FreshDraft(make), total_bytes, disk)
    with storage_faults():
        return Upload(key, await disk.run(make), total_bytes, disk)


def forget(updates: PayloadStore, keys: Iterable[PayloadKey], element_type: int) -> None:
    """Delete updates of a type, with all that is kept beside them; blocks."""
    for key in keys:
        updates.delete(update_key(key))
        if element_type == ElementType.ELEMENT_TYPE_INT8:
            updates.delete(manifest_key(key))


async def keep_manifest(updates: PayloadStore, key: PayloadKey, manifest: bytes, sha256: bytes, disk: Disk) -> None:
    """Store the manifest of an update beside it."""

    def write() -> None:
        draft = updates.draft(manifest_key(key))
        draft.append(manifest)
        draft.finish(sha256)

    with storage_faults():
        await disk.run(write)
