"""The order of the interceptors, and what each place in it is for."""

import json
import logging
from typing import Any

import pytest

from mfn_server.app import interceptors
from mfn_server.interceptors.access_log import AccessLog
from mfn_server.interceptors.audit import AuditCalls
from mfn_server.interceptors.authentication import Authentication
from mfn_server.interceptors.authorization import Authorization
from mfn_server.interceptors.caps import Caps
from mfn_server.interceptors.metrics import CountCalls
from mfn_server.interceptors.peers import Peers
from mfn_server.interceptors.rate_limit import RateLimit
from mfn_server.interceptors.request_id import RequestIds
from mfn_server.interceptors.tracing import Tracing
from mfn_server.telemetry.entries import call_of
from tests.server.calling import NERNST, refused
from tests.server.conftest import Start

KEY = "q8Zr2vTm4LxW9bNc7Ks5Hd3Jf6Gp1YtE"  # pragma: allowlist secret
STRICT = {"rate_limit_enabled": True, "rate_limit_read": "2/h burst 2", "api_key": KEY}


async def test_who_sees_how_calls_end_stands_around_who_may_refuse_them(start: Start) -> None:
    server = await start(rate_limit_enabled=True)
    chain = interceptors(server.application)
    assert [type(each) for each in chain.observers] == [RequestIds, Peers, Tracing, CountCalls, AccessLog, AuditCalls]
    assert [type(each) for each in chain.guards] == [Authentication, Authorization, RateLimit, Caps]


async def test_without_rate_limits_nothing_stands_in_their_place(start: Start) -> None:
    chain = interceptors((await start(rate_limit_enabled=False)).application)
    assert [type(each) for each in chain.guards] == [Authentication, Authorization, Caps]


async def test_what_is_told_of_a_refusal_names_the_callers_request_id_because_ids_come_first(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    server = await start(api_key=KEY)
    caplog.set_level(logging.INFO)
    refusal = await refused(server.electrochemistry.ComputeNernst(NERNST, metadata=[("x-request-id", "id-1")]))
    assert (refusal.reason, refusal.request_id, refusal.trailers["x-request-id"]) == (
        "CREDENTIALS_MISSING",
        "id-1",
        "id-1",
    )
    told = [record for record in caplog.records if record.name in {"mfn.access", "mfn.audit"}]
    named = {record.name: call.request_id for record in told if (call := call_of(record)) is not None}
    assert named == {"mfn.access": "id-1", "mfn.audit": "id-1"}


async def test_a_stranger_uses_up_nobodys_rate_because_callers_are_known_before_they_are_counted(start: Start) -> None:
    server = await start(**STRICT)
    for _ in range(4):
        assert (await refused(server.electrochemistry.ComputeNernst(NERNST))).reason == "CREDENTIALS_MISSING"
    call: Any = server.electrochemistry.ComputeNernst(NERNST, metadata=[("x-api-key", KEY)])
    await call
    assert dict(await call.trailing_metadata())["x-ratelimit-remaining"] == "1"


async def test_a_call_beyond_the_rate_is_counted_and_logged_because_observers_stand_around_the_guards(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    server = await start(**STRICT)
    caplog.set_level(logging.INFO)
    metadata = [("x-api-key", KEY)]
    for _ in range(2):
        await server.electrochemistry.ComputeNernst(NERNST, metadata=metadata)
    refusal = await refused(server.electrochemistry.ComputeNernst(NERNST, metadata=metadata))
    assert refusal.reason == "RATE_LIMITED"
    path = {"grpc_service": "mfn.v1.ElectrochemistryService", "grpc_method": "ComputeNernst", "grpc_type": "unary"}
    counted = server.application.metrics.registry.get_sample_value(
        "grpc_server_handled_total", {**path, "grpc_code": "RESOURCE_EXHAUSTED"}
    )
    assert counted == 1
    lines = json.dumps([str(record.__dict__) for record in caplog.records if record.name == "mfn.access"])
    assert "RATE_LIMITED" in lines
