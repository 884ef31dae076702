"""Binding services to gRPC: interceptors around every call, one error model."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from mfn_grpc.core.limits import InvalidInput, Violation
from mfn_grpc.v1 import electrochemistry_pb2, simulation_pb2
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault
from mfn_server.rpc import binding
from mfn_server.rpc.call import OK, Call, Outcome
from mfn_server.rpc.chain import Interceptors, Proceed
from mfn_server.rpc.methods import OTHER
from mfn_server.services.electrochemistry import ElectrochemistryService
from tests.server.calling import NERNST, refusal_of, refused
from tests.server.conftest import Start
from tests.server.gates import eventually
from tests.server.specs import spec

ELECTROCHEMISTRY = electrochemistry_pb2.DESCRIPTOR.services_by_name["ElectrochemistryService"]


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
    (record,) = [record for record in caplog.records if record.name == binding.log.name]
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
    assert not [record for record in caplog.records if record.name == binding.log.name]


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


class Noting:
    """An interceptor that notes when a call passes it, and may refuse it."""

    def __init__(self, name: str, notes: list[str], fault: Exception | None = None) -> None:
        self.name, self.notes, self.fault = name, notes, fault

    async def __call__(self, proceed: Proceed, call: Call) -> None:
        self.notes.append(f"{self.name} before")
        if self.fault is not None:
            raise self.fault
        await proceed(call)
        self.notes.append(f"{self.name} after: {call.outcome.code.name if call.outcome else None}")


async def no_messages() -> AsyncIterator[bytes]:
    for message in list[bytes]():
        yield message


async def passed(chain: Interceptors, notes: list[str]) -> Outcome | None:
    """How a call through the chain ends."""

    async def answer(call: Call) -> None:
        notes.append("answer")

    context: Any = None
    call = Call(OTHER, context, no_messages(), {})
    try:
        await binding._chained(chain, OTHER, answer)(call)
    except RuntimeError as error:  # of an observer
        binding._fail(call, error)
    return call.outcome


async def test_observers_stand_around_guards_and_the_first_of_each_is_outermost() -> None:
    notes = list[str]()
    chain = Interceptors([Noting("o1", notes), Noting("o2", notes)], [Noting("g1", notes), Noting("g2", notes)])
    assert await passed(chain, notes) == OK
    before = ["o1 before", "o2 before", "g1 before", "g2 before", "answer"]
    assert notes == [*before, "g2 after: None", "g1 after: None", "o2 after: OK", "o1 after: OK"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Fault(reasons.ERROR_REASON_RATE_LIMITED, "too much"), grpc.StatusCode.RESOURCE_EXHAUSTED),
        (InvalidInput([Violation("dt", "0", "is 0")]), grpc.StatusCode.INVALID_ARGUMENT),
        (RuntimeError("a defect"), grpc.StatusCode.INTERNAL),
    ],
)
async def test_what_a_guard_refuses_reaches_no_service_and_observers_see_why(
    error: Exception, code: grpc.StatusCode
) -> None:
    notes = list[str]()
    outcome = await passed(Interceptors([Noting("o", notes)], [Noting("g", notes, error)]), notes)
    assert notes == ["o before", "g before", f"o after: {code.name}"]
    assert outcome is not None
    assert outcome.code == code


async def test_a_refusal_that_nobody_reads_keeps_no_task_and_still_arrives(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binding, "UNREAD_S", 0.05)
    server = await start(reader_idle_s=0.1)
    message = spec(steps=40, shape=(512, 512))  # 4 MiB a frame, far more than the transport holds
    call = server.simulation.Simulate(simulation_pb2.SimulateRequest(spec=message, frame_stride=1))
    assert (await call.read()).HasField("started")
    (answering,) = (task for task in asyncio.all_tasks() if "SimulationService/Simulate" in task.get_name())
    await eventually(answering.done)
    refusal = await refused(call)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.ABORTED, "STREAM_IDLE")


async def test_an_observer_that_fails_once_a_call_has_ended_takes_nothing_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class FailingAfter:
        async def __call__(self, proceed: Proceed, call: Call) -> None:
            await proceed(call)
            raise RuntimeError("a defect")

    assert await passed(Interceptors([FailingAfter()]), []) == OK
    assert [record.levelno for record in caplog.records if record.name == binding.log.name] == [logging.ERROR]


async def test_an_observer_that_fails_costs_the_call_and_no_text_of_it_leaves() -> None:
    outcome = await passed(Interceptors([Noting("o", [], RuntimeError("swordfish"))]), [])
    assert outcome is not None
    assert outcome.code is grpc.StatusCode.INTERNAL
    assert "swordfish" not in repr(outcome.fault)
