"""The first model of a federation on its way in: streams that go on where the last one stopped, then one event."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

from mfn_grpc.core.limits import Faults, InvalidInput, Violation
from mfn_grpc.tensors import MODEL_TYPES, manifest_faults, payload_bytes
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.chunks import require_chunk
from mfn_server.errors import Fault
from mfn_server.federation.faults import storage_faults
from mfn_server.federation.live.live import Live
from mfn_server.federation.live.opening import MANIFEST
from mfn_server.federation.live.reading import read
from mfn_server.federation.machine.actions import PayloadKey
from mfn_server.federation.machine.events import ModelUploaded
from mfn_server.federation.machine.records import Model
from mfn_server.federation.names import parse_federation
from mfn_server.federation.payload_keys import model_key
from mfn_server.federation.resources.finite import not_finite
from mfn_server.federation.resources.gone import no_federation
from mfn_server.federation.resources.request_fields import check_request_id
from mfn_server.federation.resources.request_ids import RequestId
from mfn_server.federation.resources.turns import Turn
from mfn_server.federation.resources.uninterrupted import uninterrupted
from mfn_server.federation.storage.draft import Claim
from mfn_server.federation.storage.errors import PayloadMissing
from mfn_server.federation.storage.journal import Journal
from mfn_server.federation.storage.payload import Payload
from mfn_server.federation.storage.rows import Batch, ModelRow
from mfn_server.federation.stream.claims import digest_violations
from mfn_server.federation.stream.receiving import Upload

IDLE_S = 60.0
"""Longest silence of a stream."""
READ_BYTES = 1024 * 1024
REMEDY = "open another stream to continue the upload"


@dataclass(frozen=True)
class Wanted:
    """The model that an upload is to become. manifest: serialised."""

    sha256: bytes
    total_bytes: int
    manifest: bytes


def decode_begin(begin: pb.UploadModelBegin, max_bytes: int) -> tuple[str, Wanted]:
    """The federation's id and the model announced; InvalidInput names every fault, QUOTA_EXCEEDED what is too large."""
    faults = Faults()
    with faults.under("begin"):
        federation_id: str = faults.collect(parse_federation, begin.parent, "parent")
        _check_manifest(begin, faults)
        for violation in digest_violations(begin.sha256, "sha256"):
            faults.add(violation)
        check_request_id(begin.request_id, faults)
    faults.refuse()
    if begin.total_bytes > max_bytes:
        text = f"the model has {begin.total_bytes} bytes, this server takes at most {max_bytes}"
        raise Fault(reasons.ERROR_REASON_QUOTA_EXCEEDED, text)
    manifest = begin.manifest.SerializeToString(deterministic=True)
    return federation_id, Wanted(begin.sha256, begin.total_bytes, manifest)


def _check_manifest(begin: pb.UploadModelBegin, faults: Faults) -> None:
    found = manifest_faults(begin.manifest, MODEL_TYPES)
    for fault in found:
        faults.add(Violation(f"manifest.{fault.field}", "", fault.description))
    if not found and begin.total_bytes != (total := payload_bytes(begin.manifest)):
        text = f"is {begin.total_bytes}, must be {total}, the sum of the tensors' size_bytes"
        faults.add(Violation("total_bytes", str(begin.total_bytes), text))


class ModelUploads:
    """Uploads to all federations of this process; of one federation's the latest stream counts."""

    def __init__(self) -> None:
        self._one_at_a_time: WeakKeyDictionary[Live, asyncio.Lock] = WeakKeyDictionary()
        self._turns: WeakKeyDictionary[Live, Turn] = WeakKeyDictionary()

    async def receive(
        self,
        live: Live,
        wanted: Wanted,
        request_id: RequestId | None,
        messages: AsyncIterator[pb.UploadModelRequest],
    ) -> pb.UploadModelResponse:
        """How far the upload came when its stream ended or its model was complete."""
        with _explained(live):
            with Turn() as turn:
                upload = await uninterrupted(self._begin(live, wanted, request_id, turn))
                if upload is None:
                    return _complete(live, wanted)
                durable_bytes = await turn.spend(_fill(upload, messages))
            if upload.complete:
                return await uninterrupted(self._finish(live, wanted, upload))
            return pb.UploadModelResponse(durable_bytes=durable_bytes)

    async def _begin(self, live: Live, wanted: Wanted, request_id: RequestId | None, turn: Turn) -> Upload | None:
        """The upload, where the last stream of the same model left it; None when the federation has the model."""
        async with self._alone(live):
            await _remember(live, request_id)
            if await _has(live, wanted) or await self._adopted(live, wanted):
                return None
            if (before := self._turns.get(live)) is not None:
                await before.end()
            self._turns[live] = turn
            claim = Claim(wanted.sha256, wanted.total_bytes)
            draft = await live.disk.run(partial(live.folder.models.draft, model_key(0), claim))
            return Upload(PayloadKey(live.name, 0, wanted.sha256), draft, wanted.total_bytes, live.disk)

    async def _finish(self, live: Live, wanted: Wanted, upload: Upload) -> pb.UploadModelResponse:
        async with self._alone(live):
            if await _has(live, wanted):
                await upload.discard()
            else:
                await upload.finish()
                await _require_finite(live, wanted)
                await _publish(live, wanted)
        return _complete(live, wanted)

    async def _adopted(self, live: Live, wanted: Wanted) -> bool:
        """Whether all bytes were durable already: a process may have died before it said that they are the model."""
        if not await live.disk.run(partial(_is_stored, live, wanted)):
            return False
        await _require_finite(live, wanted)
        await _publish(live, wanted)
        return True

    def _alone(self, live: Live) -> asyncio.Lock:
        return self._one_at_a_time.setdefault(live, asyncio.Lock())


async def _fill(upload: Upload, messages: AsyncIterator[pb.UploadModelRequest]) -> int:
    """How much is durable once the stream has ended; unless the model is complete, another stream may go on there."""
    try:
        await _take_all(upload, messages)
        return 0 if upload.complete else await upload.sync()
    finally:
        if not upload.complete:
            await upload.suspend()


async def _take_all(upload: Upload, messages: AsyncIterator[pb.UploadModelRequest]) -> None:
    """Take chunks until the model is complete or the stream ends. The first ones may repeat what is there."""
    expected: int | None = None
    while not upload.complete and (message := await anext(messages, None)) is not None:
        if message.WhichOneof("message") != "chunk":
            text = "after the first message nothing but chunks may follow"
            raise Fault(reasons.ERROR_REASON_UNEXPECTED_MESSAGE, text)
        chunk = message.chunk
        if expected is None:
            expected = min(chunk.offset, upload.received)
        expected = await _take(upload, chunk, expected)


async def _take(upload: Upload, chunk: pb.Chunk, expected: int) -> int:
    """Take what is new of a chunk that begins at `expected`; where the next one has to begin."""
    end = chunk.offset + len(chunk.data)
    if chunk.offset == upload.received:
        await upload.take(chunk)
        return end
    require_chunk(chunk, expected, upload.total_bytes)
    if end > upload.received:
        await upload.append(chunk.data[upload.received - chunk.offset :])
    return end


async def _remember(live: Live, request_id: RequestId | None) -> None:
    """Bind a request id to the model that is uploaded under it."""
    if request_id is None:
        return
    found = await read(live, lambda journal: journal.request(request_id.key))
    if found is not None:
        request_id.require_same(found)
        return
    row = request_id.row(pb.UploadModelResponse(), time.time())
    await read(live, lambda journal: journal.commit(Batch(requests=[row])))


async def _has(live: Live, wanted: Wanted) -> bool:
    """Whether the federation has this model already; RESOURCE_EXISTS when it has another one."""
    if live.state.model is None:
        return False
    first, manifest = await read(live, _first_model)
    if first is None or (first.sha256, manifest) != (wanted.sha256, wanted.manifest):
        text = f"{live.name} has another model; create another federation for this one"
        raise Fault(reasons.ERROR_REASON_RESOURCE_EXISTS, text)
    return True


def _first_model(journal: Journal) -> tuple[ModelRow | None, bytes | None]:
    return journal.model(0), journal.meta(MANIFEST)


def _is_stored(live: Live, wanted: Wanted) -> bool:
    """Whether the finished payload of version 0 is there and is the one wanted; reads all of it."""
    try:
        payload = live.folder.models.open(model_key(0))
    except PayloadMissing:
        return False
    with closing(payload):
        return payload.size == wanted.total_bytes and _digest(payload) == wanted.sha256


def _digest(payload: Payload) -> bytes:
    digest = hashlib.sha256()
    for start in range(0, payload.size, READ_BYTES):
        digest.update(payload.read(start, min(start + READ_BYTES, payload.size)))
    return digest.digest()


async def _require_finite(live: Live, wanted: Wanted) -> None:
    """Refuse the stored payload of version 0, and delete it, when a value of it is not finite."""

    def look() -> Violation | None:
        with closing(live.folder.models.open(model_key(0))) as payload:
            found = not_finite(pb.TensorManifest.FromString(wanted.manifest), payload.read)
        if found is not None:
            live.folder.models.delete(model_key(0))
        return found

    if (found := await live.disk.run(look)) is not None:
        raise InvalidInput([found])


async def _publish(live: Live, wanted: Wanted) -> None:
    model = Model(0, wanted.sha256)
    row = ModelRow(0, wanted.sha256, wanted.total_bytes, live.messages.model_ref(model).SerializeToString())
    await live.submit(ModelUploaded(model, time.time()), Batch(models=[row], meta={MANIFEST: wanted.manifest}))


def _complete(live: Live, wanted: Wanted) -> pb.UploadModelResponse:
    model = live.messages.model_ref(Model(0, wanted.sha256))
    return pb.UploadModelResponse(model=model, durable_bytes=wanted.total_bytes)


@contextmanager
def _explained(live: Live) -> Iterator[None]:
    """Turns what storage says into faults for the caller."""
    try:
        with storage_faults():
            yield
    except Fault as fault:
        if live.deleted and fault.reason == reasons.ERROR_REASON_SESSION_SUPERSEDED:
            raise no_federation(live.name) from fault
        raise
