"""Binding services to gRPC: bytes in, one error model out."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from mfn_grpc.core.limits import InvalidInput, Violation
from mfn_grpc.v1 import electrochemistry_pb2, features_pb2, simulation_pb2, types_pb2
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server import rpc
from mfn_server.errors import Fault
from mfn_server.rpc import MAX_MESSAGE_BYTES, decode, encode_unary, unimplemented_methods
from mfn_server.services.electrochemistry import ElectrochemistryService
from tests.server.calling import NERNST, refusal_of, rest_of
from tests.server.conftest import Start
from tests.server.gates import eventually
from tests.server.specs import spec

ELECTROCHEMISTRY = electrochemistry_pb2.DESCRIPTOR.services_by_name["ElectrochemistryService"]


def message_of(size: int) -> bytes:
    """A valid Array of exactly this many bytes."""
    raw = types_pb2.Array(data=b"x" * (size - 5)).SerializeToString()
    assert len(raw) == size
    return raw


def test_a_message_of_exactly_the_limit_is_taken() -> None:
    assert isinstance(decode(message_of(MAX_MESSAGE_BYTES), types_pb2.Array), types_pb2.Array)


def test_a_message_of_one_byte_more_is_refused_with_its_size_and_what_to_do() -> None:
    with pytest.raises(Fault, match=r"4194305 bytes, at most 4194304.*parts") as caught:
        decode(message_of(MAX_MESSAGE_BYTES + 1), types_pb2.Array)
    assert caught.value.reason == reasons.ERROR_REASON_MESSAGE_TOO_LARGE


@pytest.mark.parametrize("raw", [b"\xff", b"\x08", b"\x0a\x05abc", b"\x00\x00", b"\x1a\xff\xff\xff\xff\x0f"])
def test_bytes_that_are_no_message_are_refused_in_our_own_words(raw: bytes) -> None:
    with pytest.raises(Fault) as caught:
        decode(raw, types_pb2.Array)
    assert caught.value.reason == reasons.ERROR_REASON_MALFORMED_REQUEST
    assert caught.value.message == "the bytes are not a valid mfn.v1.Array"


def test_an_answer_that_no_caller_would_accept_by_default_is_refused() -> None:
    assert len(encode_unary(types_pb2.Array(data=b"x" * 4_000_000))) > 4_000_000
    with pytest.raises(Fault) as caught:
        encode_unary(types_pb2.Array(data=b"x" * MAX_MESSAGE_BYTES))
    assert caught.value.reason == reasons.ERROR_REASON_RESPONSE_TOO_LARGE


def test_methods_are_found_by_their_name_in_snake_case() -> None:
    class Some:
        def compute_nernst(self) -> None: ...

        def compute_goldman_current(self) -> None: ...

    assert unimplemented_methods(ELECTROCHEMISTRY, Some()) == ["ComputeNernstBatch", "ComputeGoldman"]


def test_the_server_implements_all_of_electrochemistry() -> None:
    assert unimplemented_methods(ELECTROCHEMISTRY, ElectrochemistryService) == []


async def failing_with(start: Start, monkeypatch: pytest.MonkeyPatch, error: Exception) -> Any:
    """The error of a call whose implementation raises this one."""

    async def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(ElectrochemistryService, "compute_nernst", fail)
    server = await start()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await server.electrochemistry.ComputeNernst(NERNST, metadata=(("x-request-id", "id-77"),))
    return caught.value


async def test_an_unexpected_exception_ends_as_internal_without_its_text_and_is_logged_under_the_request_id(
    start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    error = await failing_with(start, monkeypatch, RuntimeError("the password is swordfish"))
    refusal = refusal_of(error)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    assert refusal.request_id == "id-77"
    assert refusal.message == "internal error; report it with request id id-77"
    assert "swordfish" not in repr(refusal)
    (record,) = [record for record in caplog.records if record.name == rpc.log.name]
    assert record.levelno == logging.ERROR
    assert "id-77" in record.getMessage()
    assert record.exc_info is not None
    assert "swordfish" in str(record.exc_info[1])


async def test_invalid_input_that_a_service_lets_through_is_the_callers_fault(
    start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    violation = Violation("z_valence", "0", "is 0")
    refusal = refusal_of(await failing_with(start, monkeypatch, InvalidInput([violation])))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.violations == {"z_valence": "is 0"}
    assert not [record for record in caplog.records if record.name == rpc.log.name]


async def test_a_refusal_is_one_line_of_the_log_under_its_request_id(
    start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger=rpc.log.name)
    await failing_with(start, monkeypatch, InvalidInput([Violation("z_valence", "0", "is 0")]))
    (record,) = [record for record in caplog.records if record.name == rpc.log.name]
    assert record.getMessage() == "call id-77 is refused with INVALID_ARGUMENT: z_valence is 0"


async def test_an_answer_that_succeeds_carries_the_request_id_too(start: Start) -> None:
    server = await start()
    call = server.electrochemistry.ComputeNernst(NERNST, metadata=(("x-request-id", "id-78"),))
    await call
    assert ("x-request-id", "id-78") in list(await call.trailing_metadata())


async def test_one_call_does_not_inherit_the_request_id_of_another(start: Start) -> None:
    server = await start()
    ids = []
    for metadata in ((("x-request-id", "id-79"),), ()):
        call = server.electrochemistry.ComputeNernst(NERNST, metadata=metadata)
        await call
        ids.append(dict(await call.trailing_metadata())["x-request-id"])
    assert ids[0] == "id-79"
    assert ids[1] != "id-79"
    assert len(ids[1]) == 32


async def test_a_stream_that_is_cancelled_while_its_reader_is_slow_is_cleaned_up_at_once(start: Start) -> None:
    server = await start(max_running=1, max_queued=1)
    message = simulation_pb2.SimulationSpec(steps=1000, gray_scott=simulation_pb2.GrayScottModel())
    call = server.simulation.Simulate(simulation_pb2.SimulateRequest(spec=message, frame_stride=1))
    assert (await call.read()).HasField("started")
    assert server.application.runtime.admission.running == 1
    call.cancel()
    async with server.application.runtime.admission.admit("anonymous", 1):  # waits until the stream has left
        assert server.application.runtime.admission.running == 1


async def test_a_stream_that_nobody_reads_gives_its_place_back_and_its_token_continues_it(start: Start) -> None:
    server = await start(reader_idle_s=0.1)
    message = spec(steps=40, shape=(512, 512))  # 4 MiB a frame, far more than the transport holds
    request = simulation_pb2.SimulateRequest(spec=message, frame_stride=1)
    call = server.simulation.Simulate(request)
    assert (await call.read()).HasField("started")
    await eventually(lambda: server.application.runtime.admission.running == 0)
    seen = list[Any]()

    async def read() -> None:
        while True:
            seen.append(await call.read())

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await read()
    refusal = refusal_of(caught.value)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.ABORTED, "STREAM_IDLE")
    assert "resume_token" in refusal.message
    last = next(answer.frame for answer in reversed(seen) if answer.frame.last)
    assert last.step < 40
    request.resume_token, request.frame_stride = last.resume_token, 40
    resumed = await rest_of(server.simulation.Simulate(request))
    assert resumed[0].started.resumed_from_step == last.step
    assert resumed[-1].summary.steps_done == 40


@pytest.mark.parametrize("error", [grpc.aio.InternalError, grpc.aio.UsageError, grpc.aio.BaseError])
async def test_a_write_to_a_caller_that_has_left_is_neither_logged_nor_aborted(
    error: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    class Gone:
        """A call that is over, as a handler finds it: a write fails, and so would an abort."""

        async def write(self, _: bytes) -> None:
            raise error

    closed = list[bool]()

    async def answers(*_: Any) -> AsyncIterator[types_pb2.Array]:
        try:
            yield types_pb2.Array()
        finally:
            closed.append(True)

    context: Any = Gone()
    call = rpc.Call(context)
    with pytest.raises(asyncio.CancelledError):
        await rpc.translate(context, call, rpc._respond_stream(1.0, answers, None, call, context))
    assert closed == [True]
    assert not [record for record in caplog.records if record.name == rpc.log.name]


def test_the_services_that_nothing_implements_are_answered_for_each_method() -> None:
    service = features_pb2.DESCRIPTOR.services_by_name["FeatureService"]
    handler = rpc.bind(service, object(), 1.0)
    assert handler.service_name() == "mfn.v1.FeatureService"  # type: ignore[attr-defined]  # the stub hides it
    assert unimplemented_methods(service, object()) == [method.name for method in service.methods]
