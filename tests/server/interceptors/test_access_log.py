"""One line a call, whole and without secrets, however the call ends."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from mfn_grpc.v1 import electrochemistry_pb2, federation_pb2, simulation_pb2
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault
from mfn_server.interceptors import access_log
from mfn_server.interceptors.access_log import AccessLog
from mfn_server.rpc.call import Call
from mfn_server.rpc.chain import Proceed
from mfn_server.services.electrochemistry import ElectrochemistryService
from mfn_server.telemetry.handler import LineHandler
from tests.server.calling import NERNST, refused
from tests.server.conftest import Running, Start
from tests.server.interceptors.calls import call_of
from tests.server.interceptors.logging_server import use_chain
from tests.server.telemetry.captured import Captured, capturing

SECRET = "hush" * 10  # pragma: allowlist secret
SPEC = simulation_pb2.SimulationSpec(
    steps=4, gray_scott=simulation_pb2.GrayScottModel(feed=0.04), grid=simulation_pb2.Grid(shape=[8, 8])
)
HEALTH = "/grpc.health.v1.Health/Check"
NAMED = [("x-request-id", "id-1")]


@pytest.fixture
def captured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Captured]:
    use_chain(monkeypatch)
    with capturing(tmp_path / "log") as captured:
        yield captured


@pytest.fixture
def debugged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Captured]:
    use_chain(monkeypatch)
    with capturing(tmp_path / "log", log_level="DEBUG") as captured:
        yield captured


async def answered(server: Running, request: Any = NERNST, **options: Any) -> None:
    await server.electrochemistry.ComputeNernst(request, **options)


async def check_health(server: Running) -> None:
    check: Any = server.channel.unary_unary(HEALTH)
    await check(b"\x0a\x08liveness")


async def test_a_call_leaves_one_line_that_says_all_of_it(start: Start, captured: Captured) -> None:
    await answered(await start(ready=False), metadata=NAMED)
    (line,) = captured.by("mfn.access")
    assert line.pop("duration_ms") > 0
    assert "127.0.0.1" in line.pop("peer")
    assert line.pop("timestamp")
    assert line == {
        "level": "INFO",
        "logger": "mfn.access",
        "message": "rpc",
        "request_id": "id-1",
        "method": "/mfn.v1.ElectrochemistryService/ComputeNernst",
        "principal": "anonymous",
        "code": "OK",
        "credential": "none",
        "received_messages": 1,
        "received_bytes": NERNST.ByteSize(),
        "sent_messages": 1,
        "sent_bytes": 9,
        "request": {"z_valence": 1, "concentration_out_molar": 0.005, "concentration_in_molar": 0.14},
    }


async def test_a_refusal_names_its_reason_and_every_fault(start: Start, captured: Captured) -> None:
    bad = electrochemistry_pb2.ComputeNernstRequest(z_valence=0, concentration_out_molar=-1.0)
    await refused((await start(ready=False)).electrochemistry.ComputeNernst(bad))
    (line,) = captured.by("mfn.access")
    assert (line["level"], line["code"], line["reason"]) == ("INFO", "INVALID_ARGUMENT", "INVALID_FIELD")
    assert line["violation_count"] == len(line["violations"]) == 3
    told = {each["field"]: each["value"] for each in line["violations"]}
    assert told["concentration_out_molar"] == "-1"
    assert all(each["description"] for each in line["violations"])


async def test_calls_that_end_together_leave_a_line_each_before_their_callers_hear_of_it(
    start: Start, captured: Captured
) -> None:
    server = await start(ready=False)
    await asyncio.gather(*(answered(server, metadata=[("x-request-id", f"id-{i}")]) for i in range(5)))
    assert sorted(line["request_id"] for line in captured.by("mfn.access")) == [f"id-{i}" for i in range(5)]


def test_a_line_that_cannot_be_made_costs_no_other_call_its_own(
    captured: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    observer = AccessLog()

    def failing(call: Call, outcome: object) -> dict[str, Any]:
        if call.principal == "mallory":
            raise RuntimeError("a defect")
        return {"code": "OK"}

    monkeypatch.setattr(access_log, "_fields", failing)
    observer.end(call_of(principal="ann"))
    with pytest.raises(RuntimeError, match="a defect"):
        observer.end(call_of(principal="mallory"))
    observer.end(call_of(principal="bob"))
    assert [line["principal"] for line in captured.by("mfn.access")] == ["ann", "bob"]


class Listening(logging.Handler):
    """A handler of another program, which keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told = list[str]()

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(record.getMessage())


async def test_another_handler_is_told_of_calls_as_well(start: Start, captured: Captured) -> None:
    listening, server = Listening(), await start(ready=False)
    logging.getLogger("mfn").addHandler(listening)
    try:
        await answered(server)
    finally:
        logging.getLogger("mfn").removeHandler(listening)
    assert ["code=OK" in text for text in listening.told] == [True]
    assert len(captured.by("mfn.access")) == 1


async def test_a_filter_of_the_logger_counts(start: Start, captured: Captured) -> None:
    server = await start(ready=False)
    access_log.log.addFilter(refuse := lambda _: False)
    try:
        await answered(server)
    finally:
        access_log.log.removeFilter(refuse)
    assert captured.by("mfn.access") == []


def test_a_call_whose_line_cannot_be_rendered_is_told_of_by_its_logger(
    captured: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> bytes:
        raise RuntimeError("a defect")

    monkeypatch.setattr(LineHandler, "_masked", failing)
    AccessLog().end(call_of())
    (line,) = captured.lines
    assert (line["message"], line["from"], line["failure"]) == (
        "a log line could not be made",
        "mfn.access",
        "RuntimeError",
    )


async def test_health_checks_are_told_at_debug_only(start: Start, captured: Captured) -> None:
    await check_health(await start(ready=False))
    assert captured.by("mfn.access") == []


async def test_an_internal_error_is_an_error_and_its_exception_carries_the_calls_id(
    start: Start, captured: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError(f"defect {SECRET}")

    monkeypatch.setattr(ElectrochemistryService, "compute_nernst", fail)
    call = (await start(ready=False)).electrochemistry.ComputeNernst(NERNST, metadata=[*NAMED, ("x-api-key", SECRET)])
    await refused(call)
    lines = [line for line in captured.lines if line.get("request_id") == "id-1"]
    assert [(line["logger"], line["level"]) for line in lines] == [
        ("mfn_server.rpc.binding", "ERROR"),
        ("mfn.access", "ERROR"),
    ]
    assert lines[0]["exception"]["message"] == "defect [masked]"
    assert (lines[1]["code"], lines[1]["reason"]) == ("INTERNAL", "INTERNAL")


async def test_a_stream_is_told_at_its_end_with_all_that_was_sent(start: Start, captured: Captured) -> None:
    server = await start()
    request = simulation_pb2.SimulateRequest(spec=SPEC, frame_stride=1)
    answers = [answer async for answer in server.simulation.Simulate(request)]
    (line,) = captured.by("mfn.access")
    assert (line["code"], line["sent_messages"]) == ("OK", len(answers))
    assert line["sent_bytes"] == sum(answer.ByteSize() for answer in answers)
    assert line["request"]["spec"]["gray_scott"] == {"feed": 0.04}


async def test_a_caller_that_leaves_is_told_as_cancelled(
    start: Start, captured: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    class Waiting:
        async def __call__(self, proceed: Proceed, call: Call) -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                asyncio.get_running_loop().call_soon(ended.set)

    use_chain(monkeypatch, Waiting())
    call = (await start(ready=False)).electrochemistry.ComputeNernst(NERNST)
    task = asyncio.ensure_future(asyncio.wait_for(call, 60))
    await begun.wait()
    call.cancel()
    await ended.wait()
    await asyncio.gather(task, return_exceptions=True)
    (line,) = captured.by("mfn.access")
    assert line["code"] == "CANCELLED"


async def test_at_debug_bodies_are_told_and_masked(start: Start, debugged: Captured) -> None:
    server = await start()
    await check_health(server)
    await answered(server)
    request = simulation_pb2.SimulateRequest(spec=SPEC, resume_token=SECRET.encode())
    await refused(server.simulation.Simulate(request))
    found = [(line["message"], line["method"].rpartition("/")[2]) for line in debugged.by("mfn.access")]
    assert found == [
        ("rpc", "Check"),
        ("rpc", "ComputeNernst"),
        ("rpc started", "Simulate"),
        ("rpc received", "Simulate"),
        ("rpc", "Simulate"),
    ]
    nernst, received = debugged.by("mfn.access")[1], debugged.by("mfn.access")[3]
    assert nernst["response_body"]["potential_mv"] == pytest.approx(-89.06, abs=0.005)
    assert received["request_body"]["resume_token"] == "[masked]"


async def test_no_secret_sent_anywhere_stands_in_any_line(start: Start, debugged: Captured) -> None:
    server = await start(federation_keys=f"k1:{'ab' * 32}", resume_token_key=SECRET + "r", api_key=SECRET + "a")
    secret = [("x-api-key", SECRET), ("authorization", f"Bearer {SECRET}b"), ("x-request-id", SECRET)]
    ion = electrochemistry_pb2.Ion(name=f"Na {SECRET}", z_valence=1)
    goldman = electrochemistry_pb2.ComputeGoldmanRequest(ions=[ion])
    await refused(server.electrochemistry.ComputeGoldman(goldman, metadata=secret))
    misplaced = simulation_pb2.SimulationSpec(steps=1, initial_array_ref=SECRET)
    misplaced.gray_scott.SetInParent()
    resumed = simulation_pb2.SimulateRequest(spec=misplaced, resume_token=SECRET.encode())
    await refused(server.simulation.Simulate(resumed, metadata=secret))
    create = federation_pb2.CreateFederationRequest(federation_id=f"x{SECRET}", title=SECRET)
    create.policy.config["password"].string_value = SECRET
    await server.federation.CreateFederation(create, metadata=secret)
    enrol = federation_pb2.EnrolParticipantRequest(parent=SECRET, public_key=SECRET.encode())
    await refused(server.federation.EnrolParticipant(enrol, metadata=secret))
    page = federation_pb2.ListFederationsRequest(page_token=SECRET)
    await refused(server.federation.ListFederations(page, metadata=secret))
    assert len([line for line in debugged.by("mfn.access") if line["message"] == "rpc"]) == 5
    assert SECRET not in debugged.text
    assert "ab" * 32 not in debugged.text


async def test_no_name_that_a_call_carries_breaks_its_line(
    start: Start, captured: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = 'a"}\n{"forged":true}\u2028\0'

    class Hostile:
        async def __call__(self, proceed: Proceed, call: Call) -> None:
            call.request_id = call.peer = hostile
            raise Fault(reasons.ERROR_REASON_RATE_LIMITED, hostile)

    use_chain(monkeypatch, Hostile())
    with pytest.raises(grpc.aio.AioRpcError):
        await answered(await start(ready=False))
    assert [line["logger"] for line in captured.lines if "request_id" in line] == ["mfn.audit", "mfn.access"]
    assert captured.by("mfn.access")[0]["request_id"] == hostile
    assert captured.by("mfn.access")[0]["peer"] == hostile
    assert not any("forged" in line for line in captured.lines)


async def test_a_credential_that_is_a_word_of_the_log_does_not_blank_who_called(
    start: Start, captured: Captured
) -> None:
    await answered(await start(ready=False), metadata=[("x-api-key", "anonymous")])
    (line,) = captured.by("mfn.access")
    assert line["principal"] == "anonymous"
