"""All federations of one process: opened at its start, made, found, deleted, and given up when it leaves."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.errors import Fault, draining
from mfn_server.federation.disk import Disk
from mfn_server.federation.faults import storage_faults
from mfn_server.federation.live.live import Live
from mfn_server.federation.live.opening import find
from mfn_server.federation.machine.events import Deleted
from mfn_server.federation.machine.records import FinishReason
from mfn_server.federation.names import federation_name
from mfn_server.federation.next_model.aggregating import Aggregator
from mfn_server.federation.resources.gone import no_federation
from mfn_server.federation.storage.crash_points import crash_point
from mfn_server.federation.storage.errors import FederationMissing, OwnedElsewhere, StorageError
from mfn_server.federation.storage.folder import FederationFolder
from mfn_server.federation.storage.folders import FederationFolders, NewFederation
from mfn_server.federation.storage.keys import KeyRing
from mfn_server.federation.storage.rows import RequestRow
from mfn_server.federation.stream.conversation import Conversation
from mfn_server.federation.stream.outbox import Outbox
from mfn_server.rpc.call import Call
from mfn_server.runtime import Runtime
from mfn_server.telemetry.audit import Audit

OPENED_AT_ONCE = 4
CROWDED_RETRY_S = 5.0
T = TypeVar("T")
SHOWN_CHARACTERS = 64
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """What one process takes on.

    max_participants, max_watches: streams of either kind that may be open. max_model_bytes: longest payload of one
    model. join_timeout_s: longest silence of a stream before its session begins.
    """

    max_participants: int
    max_watches: int
    max_model_bytes: int
    join_timeout_s: float


class Coordinator:
    """The federations below a directory that this process owns.

    directory: made when missing. keys: seal payloads. audit: hears of updates that are turned down.
    """

    def __init__(
        self,
        runtime: Runtime,
        disk: Disk,
        directory: Path,
        keys: KeyRing | None,
        limits: Limits,
        audit: Audit | None = None,
    ) -> None:
        self.disk, self.limits = disk, limits
        self._directory, self._keys, self._audit = directory, keys, audit or Audit()
        self._aggregator = Aggregator(runtime)
        self._draining, self._metrics = runtime.draining, runtime.metrics.federations
        self._lives: dict[str, Live] = {}
        self._one_at_a_time: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._under_way = set[asyncio.Task[Any]]()
        self._conversations = set[Conversation]()
        self._folders: FederationFolders | None = None

    async def start(self, address: str) -> None:
        """Open every federation that no other process owns. address: where others send those who ask for ours."""
        self._folders = await self.disk.run(partial(FederationFolders, self._directory, address, self._keys))
        await self.disk.run(self._folders.tidy)
        names = await self.disk.run(self._folders.names)
        turn = asyncio.Semaphore(OPENED_AT_ONCE)

        async def attempt(name: str) -> None:
            async with turn:
                await self._try_to_open(name)

        await asyncio.gather(*map(attempt, names))

    def all(self) -> list[Live]:
        """The federations that this process owns, by name."""
        lives = (live for _, live in sorted(self._lives.items()))
        return [live for live in lives if not live.deleted]

    async def find(self, federation_id: str) -> Live:
        """A federation; NOT_FOUND, or NOT_OWNER with the owner's address. One whose owner has died is taken over."""
        if self._draining.is_set():
            raise draining()
        live = self._lives.get(federation_id)
        if live is None:
            with storage_faults():
                live = await self._seen_through(self._open(federation_id))
        if live.deleted:
            raise no_federation(live.name)
        return live

    async def with_uid(self, uid: str) -> Live:
        """The federation of this uid; fails as `find`."""
        for live in self.all():
            if live.uid == uid:
                return live
        federation_id = await self.disk.run(partial(self._id_of, uid))
        if federation_id is None:
            raise no_federation(f"federation with the uid {uid[:SHOWN_CHARACTERS]!r}")
        return await self.find(federation_id)

    async def create(self, new: NewFederation) -> Live:
        """Make a federation; RESOURCE_EXISTS when its name is taken. Raises AlreadyCreated for a repeated request."""
        if self._draining.is_set():
            raise draining()
        with storage_faults():
            return await self._seen_through(self._create(new))

    async def request_beside(self, request_id: str, live: Live | None) -> RequestRow | None:
        """The request of this id that created a federation or was about one of this process, other than `live`."""

        def look() -> RequestRow | None:
            for other in others:
                with suppress(sqlite3.ProgrammingError):  # deleted or given up by now
                    if (found := other.folder.journal.request(request_id)) is not None:
                        return found
            return self._opened_folders.creation(request_id)

        others = [other for other in self.all() if other is not live]
        return await self.disk.run(look)

    async def delete(self, live: Live) -> None:
        """End a federation and delete everything of it; works without room on the disk, too."""
        await self._seen_through(self._delete(live))

    async def federate(
        self, requests: AsyncIterator[pb.FederateRequest], call: Call
    ) -> AsyncGenerator[pb.FederateResponse, None]:
        """A participant's stream."""
        self._admit()
        outbox = Outbox()
        conversation = Conversation(self, requests, outbox, self.limits.join_timeout_s, call.request_id)
        self._conversations.add(conversation)
        try:
            async with aclosing(outbox.messages()) as messages:
                async for message in messages:
                    yield message
                    if message.HasField("update_ack"):
                        crash_point("after-acknowledgement")
        finally:
            try:
                await conversation.close()
            finally:  # a participant that leaves at its end cancels the wait
                self._conversations.discard(conversation)

    async def drain(self) -> None:
        """End all streams once what they had begun to write is written, and give all federations up."""
        for conversation in list(self._conversations):
            conversation.end(draining())
        await asyncio.gather(*self._under_way, return_exceptions=True)
        lives, self._lives = list(self._lives.values()), {}
        await asyncio.gather(*(self._give_up(live) for live in lives))

    @property
    def _opened_folders(self) -> FederationFolders:
        if self._folders is None:
            raise RuntimeError("the coordinator has not been started")
        return self._folders

    def _id_of(self, uid: str) -> str | None:
        """The id of the federation of this uid, whoever owns it; blocks."""
        for federation_id in self._opened_folders.names():
            with suppress(FederationMissing):  # deleted by now
                if self._opened_folders.uid(federation_id) == uid:
                    return federation_id
        return None

    def _admit(self) -> None:
        if self._draining.is_set():
            raise draining()
        if len(self._conversations) >= self.limits.max_participants:
            text = f"{len(self._conversations)} participants are connected, as many as this server takes"
            raise Fault(reasons.ERROR_REASON_OVERLOADED, f"{text}; try again later", retry_after_s=CROWDED_RETRY_S)

    async def _try_to_open(self, federation_id: str) -> None:
        try:
            await self._open(federation_id)
        except OwnedElsewhere as elsewhere:
            log.info("%s: %s", federation_name(federation_id), elsewhere)
        except FederationMissing:
            pass  # deleted by now
        except (StorageError, Fault) as error:
            log.error("%s cannot be opened: %s", federation_name(federation_id), error)

    async def _seen_through(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` returns; it goes on to its end also when its caller leaves, and before the server does."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    def _alone(self, federation_id: str) -> asyncio.Lock:
        """One thing at a time happens to a federation's folder."""
        return self._one_at_a_time.setdefault(federation_id, asyncio.Lock())

    async def _open(self, federation_id: str) -> Live:
        async with self._alone(federation_id):
            if federation_id not in self._lives:
                folder = await self.disk.run(partial(self._opened_folders.open, federation_id))
                self._lives[federation_id] = await self._begin(folder)
            return self._lives[federation_id]

    async def _create(self, new: NewFederation) -> Live:
        async with self._alone(new.federation_id):
            folder = await self.disk.run(partial(self._opened_folders.create, new))
            self._lives[new.federation_id] = live = await self._begin(folder)
        return live

    async def _delete(self, live: Live) -> None:
        async with self._alone(live.folder.federation_id):
            if self._lives.get(live.folder.federation_id) is live:
                await live.delete(Deleted(at=time.time()))
                await live.end(no_federation(live.name))
                await self.disk.run(partial(self._opened_folders.delete, live.folder))
                del self._lives[live.folder.federation_id]

    async def _begin(self, folder: FederationFolder) -> Live:
        """Let the federation in a folder go on."""
        try:
            await self.disk.run(folder.require_keys)
            found = await self.disk.run(partial(find, folder))
            if found.state.finish_reason is FinishReason.DELETED:  # its process died before the files were gone
                await self.disk.run(partial(self._opened_folders.delete, folder))
                raise FederationMissing(folder.federation_id)
            return await self._started(Live(folder, found, self.disk, self._aggregator, self._audit, self._metrics))
        except BaseException:
            await self.disk.run(folder.close)
            raise

    async def _started(self, live: Live) -> Live:
        try:
            await live.start()
        except BaseException:
            await live.end(draining())
            raise
        return live

    async def _give_up(self, live: Live) -> None:
        await live.end(draining())
        await self.disk.run(live.folder.close)
