"""The first model of a federation goes up in pieces that any number of streams carry."""

import asyncio
import errno
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from mfn_grpc.tensors import CHUNK_BYTES
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ElementType
from mfn_server.errors import Fault
from mfn_server.federation.resources import model_upload
from mfn_server.federation.storage import layouts
from mfn_server.federation.stream.receiving import Upload
from mfn_server.services import federation as service
from tests.server.calling import PATIENCE_S, refused
from tests.server.conftest import Running, Start
from tests.server.gates import eventually
from tests.server.services.federations import (
    NAME,
    ONE_ID,
    Sent,
    created,
    downloaded,
    small_model,
    stub,
    uploaded,
)

HALF = 3 * CHUNK_BYTES + 1000
INVALID = grpc.StatusCode.INVALID_ARGUMENT


async def held_open(messages: Iterable[pb.UploadModelRequest]) -> AsyncIterator[pb.UploadModelRequest]:
    """These messages, and then silence.

    A call that is refused while it still sends ends at random with the refusal or with a fault of its own that grpc.aio
    makes up, so streams that are to be refused end where that happens.
    """
    for message in messages:
        yield message
    await asyncio.sleep(PATIENCE_S)


def begun(directory: Path) -> bool:
    """Whether an upload has a draft."""
    return any(directory.rglob("*draft"))


async def state_of(server: Running) -> pb.Federation:
    answer = await stub(server).GetFederation(pb.GetFederationRequest(name=NAME))
    federation: pb.Federation = answer.federation
    return federation


async def test_a_model_goes_up_and_comes_down_byte_for_byte(start: Start) -> None:
    server, sent = await start(), Sent()
    federation = await created(server)
    answer = await uploaded(server, sent)
    assert answer.durable_bytes == len(sent.bytes)
    assert answer.model == pb.ModelRef(federation_uid=federation.uid, version=0, sha256=sent.sha256)
    begin, found = await downloaded(server, answer.model)
    assert begin == pb.ModelBegin(model=answer.model, manifest=sent.manifest, total_bytes=len(sent.bytes), offset=0)
    assert found == sent.bytes
    got = await state_of(server)
    assert (got.state, got.model, got.manifest) == (pb.FEDERATION_STATE_RUNNING, answer.model, sent.manifest)
    assert got.stored_bytes >= len(sent.bytes)


async def test_a_stream_that_ends_early_is_told_how_much_is_durable_and_another_continues_there(start: Start) -> None:
    server, sent = await start(), Sent()
    await created(server)
    for stop in (HALF, 2 * HALF):
        before = 0 if stop == HALF else HALF
        answer = await stub(server).UploadModel(sent.messages(before, stop))
        assert (answer.durable_bytes, answer.HasField("model")) == (stop, False)
    assert (await state_of(server)).state == pb.FEDERATION_STATE_AWAITING_MODEL
    answer = await stub(server).UploadModel(sent.messages(2 * HALF))
    assert (await downloaded(server, answer.model))[1] == sent.bytes


async def test_a_stream_of_nothing_but_its_begin_asks_how_much_is_durable(start: Start) -> None:
    server, sent = await start(), Sent()
    await created(server)
    assert (await stub(server).UploadModel(iter([sent.begin()]))).durable_bytes == 0
    await stub(server).UploadModel(sent.messages(0, HALF))
    assert (await stub(server).UploadModel(iter([sent.begin()]))).durable_bytes == HALF


@pytest.mark.parametrize("offset", [0, 1, CHUNK_BYTES, HALF - 1])
async def test_the_first_chunks_may_repeat_what_is_durable(start: Start, offset: int) -> None:
    server, sent = await start(), Sent()
    await created(server)
    await stub(server).UploadModel(sent.messages(0, HALF))
    answer = await stub(server).UploadModel(sent.messages(offset))
    assert (await downloaded(server, answer.model))[1] == sent.bytes


async def test_an_upload_continues_after_the_server_was_restarted(start: Start, tmp_path: Path) -> None:
    first, sent = await start(state_dir=tmp_path), Sent()
    await created(first)
    await stub(first).UploadModel(sent.messages(0, HALF))
    await first.lifecycle.drain()
    second = await start(state_dir=tmp_path)
    assert (await stub(second).UploadModel(iter([sent.begin()]))).durable_bytes == HALF
    answer = await stub(second).UploadModel(sent.messages(HALF))
    assert (await downloaded(second, answer.model))[1] == sent.bytes


async def test_a_model_that_was_whole_when_the_process_died_needs_no_bytes_again(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dying(*_: Any) -> None:
        raise Fault(reasons.ERROR_REASON_STORAGE_FULL, "as if the process had ended here")

    first, sent = await start(state_dir=tmp_path), Sent()
    await created(first)
    with monkeypatch.context() as patch:
        patch.setattr(model_upload, "_publish", dying)
        await refused(stub(first).UploadModel(sent.messages()))
    await first.lifecycle.drain()
    second = await start(state_dir=tmp_path)
    answer = await stub(second).UploadModel(iter([sent.begin()]))
    assert answer.durable_bytes == len(sent.bytes)
    assert (await downloaded(second, answer.model))[1] == sent.bytes


def gap(sent: Sent) -> Iterator[pb.UploadModelRequest]:
    yield from sent.messages(0, CHUNK_BYTES)
    yield next(sent.chunks(CHUNK_BYTES + 1))


def late_start(sent: Sent) -> Iterator[pb.UploadModelRequest]:
    yield from (sent.begin(), next(sent.chunks(CHUNK_BYTES)))


def past_the_end(sent: Sent) -> Iterator[pb.UploadModelRequest]:
    yield from sent.messages(0, len(sent.bytes) - 10)
    (last,) = sent.chunks(len(sent.bytes) - 10)
    yield Sent.again(last, last.chunk.data + b"x")


def damaged(sent: Sent) -> Iterator[pb.UploadModelRequest]:
    first, second, *_ = sent.chunks()
    second.chunk.crc32c ^= 1
    yield from (sent.begin(), first, second)


def empty_chunk(sent: Sent) -> Iterator[pb.UploadModelRequest]:
    yield sent.begin()
    yield pb.UploadModelRequest(chunk=pb.Chunk())


def large_chunk(sent: Sent) -> Iterator[pb.UploadModelRequest]:
    first, *_ = sent.chunks()
    yield sent.begin()
    yield Sent.again(first, sent.bytes[: CHUNK_BYTES + 1])


def begun_twice(sent: Sent) -> Iterator[pb.UploadModelRequest]:
    yield from (sent.begin(), sent.begin())


def without_kind(sent: Sent) -> Iterator[pb.UploadModelRequest]:
    yield from (sent.begin(), pb.UploadModelRequest())


def not_begun(sent: Sent) -> Iterator[pb.UploadModelRequest]:
    yield next(sent.chunks())


def nothing(_: Sent) -> Iterator[pb.UploadModelRequest]:
    yield from ()


@pytest.mark.parametrize(
    ("stream", "code", "reason"),
    [
        (gap, INVALID, "OFFSET_MISMATCH"),
        (late_start, INVALID, "OFFSET_MISMATCH"),
        (past_the_end, INVALID, "OFFSET_MISMATCH"),
        (damaged, grpc.StatusCode.DATA_LOSS, "CHECKSUM_MISMATCH"),
        (empty_chunk, INVALID, "INVALID_FIELD"),
        (large_chunk, INVALID, "INVALID_FIELD"),
        (begun_twice, INVALID, "UNEXPECTED_MESSAGE"),
        (without_kind, INVALID, "UNEXPECTED_MESSAGE"),
        (not_begun, INVALID, "UNEXPECTED_MESSAGE"),
        (nothing, INVALID, "MISSING_REQUEST"),
    ],
)
async def test_a_stream_out_of_order_or_damaged_is_refused(
    start: Start, stream: Callable[[Sent], Iterator[pb.UploadModelRequest]], code: grpc.StatusCode, reason: str
) -> None:
    server, sent = await start(), Sent()
    await created(server)
    messages = stream(sent) if stream is nothing else held_open(stream(sent))
    refusal = await refused(stub(server).UploadModel(messages))
    assert (refusal.code, refusal.reason) == (code, reason)
    answer = await uploaded(server, sent)
    assert answer.model.sha256 == sent.sha256


async def test_a_chunk_beyond_what_is_durable_is_told_where_to_begin(start: Start) -> None:
    server, sent = await start(), Sent()
    await created(server)
    await stub(server).UploadModel(sent.messages(0, HALF))
    refusal = await refused(stub(server).UploadModel(held_open(sent.messages(HALF + 1, HALF + 2))))
    assert (refusal.reason, refusal.metadata["expected_offset"]) == ("OFFSET_MISMATCH", str(HALF))


async def test_what_came_before_a_damaged_chunk_is_kept(start: Start) -> None:
    server, sent = await start(), Sent()
    await created(server)
    await refused(stub(server).UploadModel(held_open(damaged(sent))))
    assert (await stub(server).UploadModel(iter([sent.begin()]))).durable_bytes == CHUNK_BYTES


async def test_a_payload_of_another_digest_is_data_loss_and_starts_again(start: Start) -> None:
    server, sent, other = await start(), Sent(), Sent(small_model(seed=1))
    await created(server)
    messages = [sent.begin(sha256=other.sha256), *sent.chunks()]
    refusal = await refused(stub(server).UploadModel(iter(messages)))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.DATA_LOSS, "DIGEST_MISMATCH")
    assert (await state_of(server)).state == pb.FEDERATION_STATE_AWAITING_MODEL
    assert (await stub(server).UploadModel(iter(messages[:1]))).durable_bytes == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"parent": "digits"}, "begin.parent"),
        ({"sha256": b"x"}, "begin.sha256"),
        ({"total_bytes": 5}, "begin.total_bytes"),
        ({"manifest": pb.TensorManifest()}, "begin.manifest.tensors"),
        ({"request_id": "one"}, "begin.request_id"),
    ],
)
async def test_a_fault_of_the_announcement_is_named(start: Start, change: dict[str, Any], field: str) -> None:
    server, sent = await start(), Sent()
    await created(server)
    refusal = await refused(stub(server).UploadModel(held_open([sent.begin(**change)])))
    assert (refusal.code, set(refusal.violations)) == (INVALID, {field})


async def test_a_model_is_made_of_floating_point_numbers(start: Start) -> None:
    server, sent = await start(), Sent()
    await created(server)
    sent.manifest.tensors[1].element_type = ElementType.ELEMENT_TYPE_INT8
    refusal = await refused(stub(server).UploadModel(held_open([sent.begin()])))
    assert "begin.manifest.tensors[1].element_type" in refusal.violations


async def test_a_model_larger_than_the_server_takes_exceeds_the_quota(start: Start) -> None:
    server, sent = await start(federation_max_model_bytes=2**20), Sent()
    await created(server)
    refusal = await refused(stub(server).UploadModel(held_open([sent.begin()])))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUOTA_EXCEEDED")


async def test_a_federation_that_does_not_exist_takes_no_model(start: Start) -> None:
    refusal = await refused(stub(await start()).UploadModel(held_open([Sent().begin()])))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")


async def test_the_same_model_again_is_answered_at_once_and_another_one_refused(start: Start) -> None:
    server, sent, other = await start(), Sent(), Sent(small_model(seed=1))
    await created(server)
    first = await uploaded(server, sent)
    again = await stub(server).UploadModel(held_open([sent.begin()]))
    assert again == first
    refusal = await refused(stub(server).UploadModel(held_open([other.begin()])))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.ALREADY_EXISTS, "RESOURCE_EXISTS")
    renamed = Sent()
    renamed.manifest.tensors[0].name = "other"
    refusal = await refused(stub(server).UploadModel(held_open([renamed.begin()])))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.ALREADY_EXISTS, "RESOURCE_EXISTS")


async def test_a_request_id_stands_for_one_model_across_streams(start: Start) -> None:
    server, sent, other = await start(), Sent(), Sent(small_model(seed=1))
    await created(server)
    await stub(server).UploadModel(sent.messages(0, HALF, request_id=ONE_ID))
    refusal = await refused(stub(server).UploadModel(held_open([other.begin(request_id=ONE_ID)])))
    assert (refusal.code, refusal.reason) == (INVALID, "REQUEST_ID_REUSED")
    answer = await stub(server).UploadModel(sent.messages(HALF, request_id=ONE_ID))
    assert answer.model.sha256 == sent.sha256
    assert await stub(server).UploadModel(held_open([sent.begin(request_id=ONE_ID)])) == answer


async def test_another_model_may_be_begun_in_place_of_one_that_never_came_whole(start: Start) -> None:
    server, sent, other = await start(), Sent(), Sent(small_model(seed=1))
    await created(server)
    await stub(server).UploadModel(sent.messages(0, HALF))
    answer = await uploaded(server, other)
    assert (await downloaded(server, answer.model))[1] == other.bytes


async def test_a_silent_stream_is_ended_and_what_it_sent_is_kept(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server, sent = await start(), Sent()
    await created(server)
    with monkeypatch.context() as patch:
        patch.setattr(service, "IDLE_S", 0.2)
        refusal = await refused(stub(server).UploadModel(held_open(sent.messages(0, HALF))))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.ABORTED, "STREAM_IDLE")
    assert (await stub(server).UploadModel(iter([sent.begin()]))).durable_bytes == HALF


async def test_a_newer_stream_ends_the_older_at_once_and_goes_on_with_what_that_had_sent(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, sent = await start(), Sent()
    await created(server)
    taken: list[int] = []
    take = Upload.take

    async def counted(upload: Upload, chunk: pb.Chunk) -> None:
        await take(upload, chunk)
        taken.append(upload.received)

    monkeypatch.setattr(Upload, "take", counted)
    old = stub(server).UploadModel(held_open(sent.messages(0, HALF)))
    await old.wait_for_connection()
    await eventually(lambda: taken[-1:] == [HALF])
    assert (await stub(server).UploadModel(iter([sent.begin()]))).durable_bytes == HALF
    refusal = await refused(old)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.ABORTED, "SESSION_SUPERSEDED")
    answer = await stub(server).UploadModel(sent.messages(HALF))
    assert (await downloaded(server, answer.model))[1] == sent.bytes


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["weights", "bias"])
async def test_a_model_with_a_value_that_is_not_finite_is_refused_by_its_tensor(
    start: Start, name: str, value: float
) -> None:
    server, arrays = await start(), small_model()
    await created(server)
    arrays[name] = arrays[name].copy()
    arrays[name].flat[-1] = value
    place = list(arrays).index(name)
    for _ in range(2):
        refusal = await refused(stub(server).UploadModel(Sent(arrays).messages()))
        assert (refusal.code, refusal.reason) == (INVALID, "INVALID_FIELD")
        assert f"element {arrays[name].size - 1}" in refusal.violations[f"begin.manifest.tensors[{place}]"]
    assert (await state_of(server)).state == pb.FEDERATION_STATE_AWAITING_MODEL
    sent = Sent()
    assert (await downloaded(server, (await uploaded(server, sent)).model))[1] == sent.bytes


async def test_a_server_that_shuts_down_ends_an_upload_and_keeps_what_came(start: Start, tmp_path: Path) -> None:
    first, sent = await start(state_dir=tmp_path, drain_grace_s=20), Sent()
    await created(first)
    call = stub(first).UploadModel(held_open(sent.messages(0, HALF)))
    await call.wait_for_connection()
    await eventually(lambda: begun(tmp_path))
    draining = asyncio.create_task(first.lifecycle.drain())
    refusal = await refused(call)
    await draining
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")
    second = await start(state_dir=tmp_path)
    answer = await stub(second).UploadModel(sent.messages())
    assert (await downloaded(second, answer.model))[1] == sent.bytes


async def test_a_full_disk_is_said_and_nothing_more_than_is_durable_is_acknowledged(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "as if the disk were full")

    server, sent = await start(), Sent()
    await created(server)
    await stub(server).UploadModel(sent.messages(0, HALF))
    with monkeypatch.context() as patch:
        patch.setattr(layouts, "write_all", full)
        for stop in (2 * HALF, len(sent.bytes)):
            refusal = await refused(stub(server).UploadModel(sent.messages(HALF, stop)))
            assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "STORAGE_FULL")
    assert (await stub(server).UploadModel(iter([sent.begin()]))).durable_bytes == HALF
    answer = await stub(server).UploadModel(sent.messages(HALF))
    assert (await downloaded(server, answer.model))[1] == sent.bytes
