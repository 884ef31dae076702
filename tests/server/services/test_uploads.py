"""Large arrays travel in parts and are used by reference."""

import asyncio
import errno
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from mfn_grpc.arrays import PART_BYTES, split_parts, to_array
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_grpc.v1 import types_pb2
from mfn_server.errors import Fault
from mfn_server.uploads import ArrayStore
from tests.server.calling import METHODS, PATIENCE_S, Wire, path_of, refused
from tests.server.conftest import Start
from tests.server.gates import eventually
from tests.server.specs import frames, same_bits, spec

OFFSET = grpc.StatusCode.INVALID_ARGUMENT, "OFFSET_MISMATCH"
INVALID = grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"
STATE = np.random.default_rng(9).uniform(0.2, 0.8, (2, 200, 300))


def parts_of(state: Any) -> list[types_pb2.ArrayPart]:
    return list(split_parts("state", state))


def requests(parts: Iterable[types_pb2.ArrayPart]) -> list[bytes]:
    return [pb.UploadArrayRequest(part=part).SerializeToString() for part in parts]


def upload(wire: Wire, state: Any) -> pb.UploadArrayResponse:
    (raw,) = wire.open(path_of(METHODS["UploadArray"]), requests(parts_of(state)))
    return pb.UploadArrayResponse.FromString(raw)


def using(ref: str, **fields: Any) -> pb.SimulateRequest:
    return pb.SimulateRequest(spec=spec(shape=(200, 300), steps=2, initial_array_ref=ref, **fields))


def test_a_simulation_from_a_reference_equals_one_from_the_array_itself(wire: Wire) -> None:
    answer = upload(wire, STATE)
    assert answer.expires_in_seconds > 0
    by_ref = list(wire.stream("Simulate", using(answer.array_ref)))
    inline = pb.SimulateRequest(spec=spec(shape=(200, 300), steps=2, initial_array=to_array(STATE)))
    by_value = list(wire.stream("Simulate", inline))
    assert by_ref[0].started.spec_hash == by_value[0].started.spec_hash
    assert same_bits(frames(by_ref), frames(by_value))
    assert frames(by_ref)[0].tobytes() == STATE.tobytes()


def test_uploading_the_same_array_twice_gives_the_same_reference(wire: Wire) -> None:
    assert upload(wire, STATE).array_ref == upload(wire, STATE.copy()).array_ref
    assert upload(wire, STATE).array_ref != upload(wire, STATE.astype(np.float32)).array_ref


@pytest.mark.parametrize("ref", ["", "arrays/", "arrays/" + "0" * 64, "arrays/../../etc/passwd", "x" * 1000, "é" * 500])
def test_a_reference_that_names_no_array_is_not_found(wire: Wire, ref: str) -> None:
    refusal = wire.refusal("Simulate", using(ref))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")


def test_an_uploaded_state_is_checked_like_one_in_the_message(wire: Wire) -> None:
    bad = STATE.copy()
    bad[1, 5, 5] = np.nan
    assert set(wire.refusal("Simulate", using(upload(wire, bad).array_ref)).violations) == {"spec.initial_array.data"}
    wrong = upload(wire, STATE[:, :, 1:]).array_ref
    assert set(wire.refusal("Simulate", using(wrong)).violations) == {"spec.initial_array.shape"}


@pytest.mark.parametrize("kind", [np.uint8, np.bool_])
def test_an_uploaded_set_is_no_state(wire: Wire, kind: Any) -> None:
    refusal = wire.refusal("Simulate", using(upload(wire, np.ones((2, 200, 300), kind)).array_ref))
    assert (refusal.code, refusal.reason) == INVALID
    assert set(refusal.violations) == {"spec.initial_array.element_type"}


def test_an_array_larger_than_any_state_is_taken_up_to_a_gibibyte(wire: Wire) -> None:
    part = next(split_parts("history", np.zeros((5, 8, 8))))
    for steps, fits in ((2**21, True), (2**21 + 1, False)):
        part.header.shape[0], part.total_bytes = steps, steps * 8 * 8 * 8
        violations = wire.refusal("UploadArray", *requests([part])).violations
        assert set(violations) == ({"part"} if fits else {"part.total_bytes"})
        assert fits == ("the upload ended after 1 parts" in str(violations))


def swapped(parts: list[types_pb2.ArrayPart]) -> list[types_pb2.ArrayPart]:
    return [parts[0], parts[2], parts[1], *parts[3:]]


def damaged(parts: list[types_pb2.ArrayPart]) -> list[types_pb2.ArrayPart]:
    parts[1].data = b"\0" + parts[1].data[1:]
    return parts


def without_header(parts: list[types_pb2.ArrayPart]) -> list[types_pb2.ArrayPart]:
    parts[0].ClearField("header")
    return parts


def enormous(parts: list[types_pb2.ArrayPart]) -> list[types_pb2.ArrayPart]:
    parts[0].total_bytes = 2**60
    return parts


FAULTS: dict[str, Any] = {
    "out of order": swapped,
    "damaged": damaged,
    "no header": without_header,
    "too few": lambda parts: parts[:-1],
    "larger than any state": enormous,
    "an empty message": lambda parts: [types_pb2.ArrayPart()],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_upload_is_refused(wire: Wire, fault: str) -> None:
    refusal = wire.refusal("UploadArray", *requests(FAULTS[fault](parts_of(STATE))))
    misplaced = fault == "out of order"
    assert (refusal.code, refusal.reason) == (OFFSET if misplaced else INVALID)
    assert refusal.metadata == ({"expected_offset": str(PART_BYTES)} if misplaced else {})


def test_an_upload_that_nothing_takes_is_refused_at_its_first_part_with_all_its_faults(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = list[Any]()
    monkeypatch.setattr("mfn_server.uploads.PartAssembler", begun.append)
    part = next(split_parts("state", np.zeros((2, 8, 8), np.int8), scale=0.5, offset=1.0))
    refusal = wire.refusal("UploadArray", *requests([part]))
    assert (refusal.code, refusal.reason) == INVALID
    assert set(refusal.violations) == {"part.header.element_type", "part.header.scale", "part.header.offset"}
    assert "FLOAT64 or ELEMENT_TYPE_FLOAT32" in refusal.violations["part.header.element_type"]
    assert "BOOL" in refusal.violations["part.header.element_type"]
    assert begun == []


@pytest.mark.parametrize("number", [0, 3, 4, 5, 6, 7, 99])
def test_an_upload_of_another_element_type_is_refused(wire: Wire, number: Any) -> None:
    (part,) = split_parts("state", np.zeros((2, 8, 8)))
    part.header.element_type = number
    assert set(wire.refusal("UploadArray", *requests([part])).violations) == {"part.header.element_type"}


def test_a_part_too_many_and_no_part_at_all_are_refused(wire: Wire) -> None:
    parts = parts_of(STATE)
    refusal = wire.refusal("UploadArray", *requests([*parts, parts[0]]))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "UNEXPECTED_MESSAGE")
    refusal = wire.refusal("UploadArray")
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "MISSING_REQUEST")


async def test_beyond_the_quota_an_upload_is_refused(start: Start) -> None:
    server = await start(array_quota_bytes=2**20)
    small, large = np.zeros((1, 50, 50)), np.ones((2, 200, 328))
    assert large.nbytes > 2**20 > small.nbytes

    async def send(state: Any) -> Any:
        return await server.simulation.UploadArray(pb.UploadArrayRequest(part=part) for part in parts_of(state))

    assert (await send(small)).array_ref
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await send(large)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "bytes of arrays are kept" in (caught.value.details() or "")


def test_what_all_principals_keep_together_is_bounded(tmp_path: Path) -> None:
    array = np.zeros((1, 64, 64))
    store = ArrayStore(tmp_path, quota_bytes=2**20, total_bytes=3 * array.nbytes, ttl_s=60)  # files have a header, too
    kept = [store.save(f"principal {number}", array) for number in range(2)]
    assert len(set(kept)) == 1
    with pytest.raises(Fault) as refused:
        store.save("one more", array)
    assert refused.value.reason == reasons.ERROR_REASON_STORAGE_FULL
    assert store.save("principal 0", array) == kept[0]  # which is there already


async def test_an_upload_that_is_broken_off_keeps_nothing_and_gives_its_room_back(start: Start) -> None:
    server = await start(max_running=1, max_queued=1)
    admission = server.application.runtime.admission
    call = server.simulation.UploadArray()
    await call.write(pb.UploadArrayRequest(part=parts_of(STATE)[0]))
    await eventually(lambda: admission.bytes_held == STATE.nbytes)
    assert (admission.running, admission.streams) == (0, 1)
    call.cancel()
    await eventually(lambda: (admission.bytes_held, admission.streams) == (0, 0))
    assert server.application.arrays._shelf.used_bytes("anonymous") == 0


async def test_an_upload_that_waits_for_its_caller_ends_at_once_when_the_server_drains(start: Start) -> None:
    server = await start(drain_grace_s=600)
    admission = server.application.runtime.admission
    call = server.simulation.UploadArray()
    await call.write(pb.UploadArrayRequest(part=parts_of(STATE)[0]))
    await eventually(lambda: admission.bytes_held == STATE.nbytes)
    await asyncio.wait_for(server.lifecycle.drain(), PATIENCE_S)
    refusal = await refused(call)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")
    assert (admission.bytes_held, admission.streams) == (0, 0)


async def test_an_upload_that_falls_silent_is_ended_and_gives_its_room_back(start: Start) -> None:
    server = await start(upload_idle_s=0.1)
    call = server.simulation.UploadArray()
    await call.write(pb.UploadArrayRequest(part=parts_of(STATE)[0]))
    refusal = await refused(call)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.ABORTED, "STREAM_IDLE")
    assert "send the array again" in refusal.message
    admission = server.application.runtime.admission
    await eventually(lambda: (admission.bytes_held, admission.streams) == (0, 0))


async def test_an_upload_that_finds_the_disk_full_says_so(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    server = await start()
    monkeypatch.setattr(np, "save", full)
    parts = [pb.UploadArrayRequest(part=part) for part in parts_of(STATE)]
    refusal = await refused(server.simulation.UploadArray(iter(parts)))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "STORAGE_FULL")
