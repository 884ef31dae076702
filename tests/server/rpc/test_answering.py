"""From bytes to the service's coroutine and back."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import ServiceDescriptor

from mfn_grpc.v1 import electrochemistry_pb2, features_pb2, simulation_pb2, types_pb2
from mfn_server.rpc import answering
from mfn_server.rpc.call import Call
from mfn_server.rpc.methods import OTHER
from mfn_server.services.electrochemistry import ElectrochemistryService
from tests.server.calling import refusal_of, rest_of
from tests.server.conftest import Start
from tests.server.gates import eventually
from tests.server.specs import spec

ELECTROCHEMISTRY = electrochemistry_pb2.DESCRIPTOR.services_by_name["ElectrochemistryService"]


def lacking(service: ServiceDescriptor, implementation: object) -> list[str]:
    """The methods that are answered with UNIMPLEMENTED."""
    return [m.name for m in service.methods if not hasattr(implementation, answering._snake_case(m.name))]


def test_methods_are_found_by_their_name_in_snake_case() -> None:
    class Some:
        def compute_nernst(self) -> None: ...

        def compute_goldman_current(self) -> None: ...

    assert lacking(ELECTROCHEMISTRY, Some()) == ["ComputeNernstBatch", "ComputeGoldman"]


def test_the_server_implements_all_of_electrochemistry() -> None:
    assert lacking(ELECTROCHEMISTRY, ElectrochemistryService) == []


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
async def test_a_write_to_a_caller_that_has_left_cancels_the_call_and_closes_its_answers(
    error: type[Exception],
) -> None:
    class Gone:
        """A call that is over, as a handler finds it: a write fails, and so would an abort."""

        async def send_initial_metadata(self, _: Any) -> None:
            """Fails one write later."""

        async def write(self, _: bytes) -> None:
            raise error

    closed = list[bool]()

    async def answers(*_: Any) -> AsyncIterator[types_pb2.Array]:
        try:
            yield types_pb2.Array()
        finally:
            closed.append(True)

    context: Any = Gone()
    call = Call(OTHER, context, aiter_of(), {})
    with pytest.raises(asyncio.CancelledError):
        await answering._respond_stream(answering._Writer(1.0), answers, None, call)
    assert closed == [True]


async def aiter_of(*messages: bytes) -> AsyncIterator[bytes]:
    for message in messages:
        yield message


def test_a_service_that_nothing_implements_lacks_each_method() -> None:
    service = features_pb2.DESCRIPTOR.services_by_name["FeatureService"]
    assert lacking(service, object()) == [method.name for method in service.methods]
