"""What administrators do, who is turned away and which updates are rejected stands in the audit."""

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from grpc import StatusCode

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.errors import Fault
from mfn_server.interceptors.audit import FEDERATION_SERVICE, AuditCalls
from mfn_server.rpc.call import Call, Outcome
from mfn_server.rpc.chain import Proceed
from mfn_server.rpc.methods import Method
from mfn_server.telemetry.audit import Audit
from tests.server.calling import NERNST, refused
from tests.server.conftest import Start
from tests.server.federation.policies import policy
from tests.server.federation.scripted import Operator, manifest_of
from tests.server.interceptors.calls import call_of
from tests.server.interceptors.logging_server import use_chain
from tests.server.telemetry.captured import Captured, capturing

NAME = "federations/f"
MODEL = np.array([1.0, 2.0], "<f4")


@pytest.fixture
def captured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Captured]:
    use_chain(monkeypatch)
    with capturing(tmp_path / "log", log_level="ERROR") as captured:
        yield captured


def events(captured: Captured) -> list[tuple[str, str]]:
    return [(line["event"], line["resource"]) for line in captured.by("mfn.audit")]


async def test_every_change_by_an_administrator_is_recorded_with_what_it_was_about(
    start: Start, captured: Captured
) -> None:
    server = await start()
    federation = await Operator(server.channel).federation("f", MODEL, policy(2))
    await federation.enrol("ada")
    stub = server.federation
    await stub.PauseFederation(pb.PauseFederationRequest(name=NAME))
    await stub.ResumeFederation(pb.ResumeFederationRequest(name=NAME))
    await stub.RemoveParticipant(pb.RemoveParticipantRequest(name=f"{NAME}/participants/ada"))
    await stub.DeleteFederation(pb.DeleteFederationRequest(name=NAME))
    await stub.ListFederations(pb.ListFederationsRequest())
    assert events(captured) == [
        ("federation.created", NAME),
        ("model.uploaded", NAME),
        ("participant.enrolled", f"{NAME}/participants/ada"),
        ("federation.paused", NAME),
        ("federation.resumed", NAME),
        ("participant.removed", f"{NAME}/participants/ada"),
        ("federation.deleted", NAME),
    ]
    line = captured.by("mfn.audit")[0]
    assert line["request_id"]
    assert (line["principal"], line["method"]) == ("anonymous", "/mfn.v1.FederationService/CreateFederation")


async def test_an_attempt_that_failed_is_not_recorded_as_a_change(start: Start, captured: Captured) -> None:
    server = await start()
    await refused(server.federation.DeleteFederation(pb.DeleteFederationRequest(name=NAME)))
    (line,) = captured.by("mfn.audit")
    assert (line["event"], line["attempted"], line["resource"]) == ("admin.failed", "federation.deleted", NAME)
    assert (line["code"], line["reason"]) == ("NOT_FOUND", "RESOURCE_NOT_FOUND")


@pytest.mark.parametrize("code", [StatusCode.CANCELLED, StatusCode.DEADLINE_EXCEEDED])
async def test_a_change_whose_caller_left_may_stand_and_is_not_recorded_as_failed(
    code: StatusCode, captured: Captured
) -> None:
    async def leave(call: Call) -> None:
        call.request = pb.DeleteFederationRequest(name=NAME)
        call.outcome = Outcome(code)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await AuditCalls(Audit())(leave, call_of(Method(FEDERATION_SERVICE, "DeleteFederation")))
    (line,) = captured.by("mfn.audit")
    assert (line["event"], line["attempted"]) == ("admin.unconfirmed", "federation.deleted")
    assert (line["resource"], line["code"]) == (NAME, code.name)


async def test_half_an_upload_is_no_model_yet(start: Start, captured: Captured) -> None:
    server = await start()
    federation = await Operator(server.channel).create("f", manifest_of({"w": MODEL.shape}), policy(2))
    payload = MODEL.tobytes()
    begin = pb.UploadModelBegin(parent=NAME, manifest=federation.manifest, total_bytes=len(payload))
    begin.sha256 = hashlib.sha256(payload).digest()
    answer = await server.federation.UploadModel(iter([pb.UploadModelRequest(begin=begin)]))
    assert not answer.HasField("model")
    assert events(captured) == [("federation.created", NAME)]


async def test_a_participant_without_the_enrolled_key_is_recorded(start: Start, captured: Captured) -> None:
    server = await start()
    federation = await Operator(server.channel).federation("f", MODEL, policy(2))
    await federation.enrol("ada")
    join = pb.FederateRequest(join=pb.Join(participant=f"{NAME}/participants/ada"))
    proof = pb.FederateRequest(proof=pb.Proof(signature=b"\0" * 64))
    refusal = await refused(server.federation.Federate(iter([join, proof])))
    assert refusal.reason == "SIGNATURE_INVALID"
    line = captured.by("mfn.audit")[-1]
    assert (line["event"], line["resource"]) == ("participant.refused", f"{NAME}/participants/ada")
    assert line["reason"] == "SIGNATURE_INVALID"


async def test_an_update_that_is_screened_is_recorded_once_its_round_is_judged(
    start: Start, captured: Captured
) -> None:
    server = await start()
    federation = await Operator(server.channel).federation("f", MODEL, policy(2))
    participants = [await federation.enrol(f"p{n}") for n in range(2)]
    for participant in participants:
        await participant.join()
    deltas: list[Any] = [np.array([0.1, 0.1]), np.array([np.nan, 0.1])]
    await asyncio.gather(*(p.train(d) for p, d in zip(participants, deltas, strict=True)))
    await participants[0].until("round_result")
    (line,) = [line for line in captured.by("mfn.audit") if line["event"] == "update.rejected"]
    assert (line["resource"], line["round"]) == (f"{NAME}/participants/p1", 1)
    assert (line["kind"], line["reason"]) == ("SCREENED", "NOT_FINITE")
    assert len(line["payload_sha256"]) == 64


async def test_limits_that_are_met_over_and_over_are_recorded_once_and_counted(
    start: Start, captured: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = [0.0]
    monkeypatch.setattr("mfn_server.telemetry.sparing.monotonic", lambda: moment[0])

    class Refusing:
        async def __call__(self, proceed: Proceed, call: Call) -> None:
            raise Fault(reasons.ERROR_REASON_RATE_LIMITED, "too many")

    use_chain(monkeypatch, Refusing())
    server = await start(ready=False)
    for moment[0] in (100.0, 101.0, 102.0, 111.0):
        await refused(server.electrochemistry.ComputeNernst(NERNST))
    found = [(line["event"], line["reason"], line["count"]) for line in captured.by("mfn.audit")]
    assert found == [("limit.refused", "RATE_LIMITED", 1), ("limit.refused", "RATE_LIMITED", 3)]
