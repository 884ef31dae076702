"""Models come down from any byte on."""

from typing import Any

import grpc
import pytest

from mfn_grpc.tensors import CHUNK_BYTES
from mfn_grpc.v1 import federation_pb2 as pb
from tests.server.calling import refused
from tests.server.conftest import Running, Start
from tests.server.services.federations import NOWHERE, Sent, created, downloaded, stub, uploaded


async def with_model(start: Start) -> tuple[Running, Sent, pb.ModelRef]:
    server, sent = await start(), Sent()
    await created(server)
    return server, sent, (await uploaded(server, sent)).model


@pytest.mark.parametrize("offset", [1, CHUNK_BYTES - 1, CHUNK_BYTES, 4 * CHUNK_BYTES + 5, -1, 0])
async def test_a_model_comes_from_the_byte_that_was_asked_for(start: Start, offset: int) -> None:
    server, sent, ref = await with_model(start)
    offset %= len(sent.bytes)
    begin, found = await downloaded(server, ref, offset)
    assert (begin.offset, begin.total_bytes, begin.manifest) == (offset, len(sent.bytes), sent.manifest)
    assert found == sent.bytes[offset:]


async def test_from_its_end_on_a_model_is_announced_and_no_bytes_follow(start: Start) -> None:
    server, sent, ref = await with_model(start)
    begin, found = await downloaded(server, ref, len(sent.bytes))
    assert (begin.offset, found) == (len(sent.bytes), b"")


async def test_an_offset_beyond_the_end_is_refused(start: Start) -> None:
    server, sent, ref = await with_model(start)
    request = pb.DownloadModelRequest(model=ref, offset=len(sent.bytes) + 1)
    refusal = await refused(stub(server).DownloadModel(request))
    assert (refusal.code, set(refusal.violations)) == (grpc.StatusCode.INVALID_ARGUMENT, {"offset"})


@pytest.mark.parametrize("change", [{"version": 1}, {"version": 2**62}, {"sha256": bytes(32)}, {"federation_uid": "x"}])
async def test_a_model_that_never_was_is_not_found(start: Start, change: dict[str, Any]) -> None:
    server, _, ref = await with_model(start)
    for name, value in change.items():
        setattr(ref, name, value)
    refusal = await refused(stub(server).DownloadModel(pb.DownloadModelRequest(model=ref)))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")


@pytest.mark.parametrize(
    ("ref", "fields"),
    [
        (pb.ModelRef(), {"model.federation_uid", "model.sha256"}),
        (pb.ModelRef(federation_uid="x", version=-1, sha256=bytes(31)), {"model.version", "model.sha256"}),
    ],
)
async def test_a_reference_of_another_form_is_refused(start: Start, ref: pb.ModelRef, fields: set[str]) -> None:
    refusal = await refused(stub(await start()).DownloadModel(pb.DownloadModelRequest(model=ref)))
    assert (refusal.code, set(refusal.violations)) == (grpc.StatusCode.INVALID_ARGUMENT, fields)


async def test_the_model_of_a_federation_that_does_not_exist_is_not_found(start: Start) -> None:
    refusal = await refused(stub(await start()).DownloadModel(pb.DownloadModelRequest(model=NOWHERE)))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
