"""Every call is counted once, however it ends, and whatever callers make up counts as one."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from subprocess import run
from typing import Any

import grpc
import pytest

from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.interceptors.metrics import CountCalls
from mfn_server.rpc.call import Call, Outcome
from mfn_server.telemetry.metrics.auth import AuthMetrics
from mfn_server.telemetry.metrics.rpcs import RpcMetrics
from tests.server.calling import METHODS, NERNST, refused, rest_of
from tests.server.conftest import Running, Start
from tests.server.gates import Gates, eventually
from tests.server.interceptors.calls import call_of
from tests.server.specs import endless, spec
from tests.server.telemetry.metrics.scraping import ours, page, scrape, undeclared, value

KINDS = {
    "unary": "ComputeNernst",
    "server_stream": "Simulate",
    "client_stream": "UploadArray",
    "bidi_stream": "ExtractFeatureStream",
}


async def _ended(server: Running, calls: int) -> Any:
    """The samples, once so many calls have ended: a caller may hear of it a moment before they are counted."""
    rpcs = server.application.metrics.rpcs
    await eventually(lambda: sum(sample.value for sample in rpcs.collect()[1].samples) >= calls)
    samples = await scrape(server)
    assert value(samples, "grpc_server_in_flight") == 0
    return samples


def _raw(server: Running, path: str) -> Any:
    return server.channel.stream_stream(path)


async def test_all_kinds_are_counted_from_zero_on(start: Start) -> None:
    server = await start(metrics_port=0)
    samples = await scrape(server)
    for kind, method in KINDS.items():
        labels = {"grpc_type": kind, "grpc_method": method}
        for name in ("started_total", "handled_total", "msg_sent_total", "handling_seconds_count"):
            assert any(key[0] == f"grpc_server_{name}" and set(labels.items()) <= key[1] for key in samples)
    methods = {dict(key[1])["grpc_method"] for key in samples if key[0] == "grpc_server_started_total"}
    assert set(METHODS) | {"Check", "List", "Watch", "ServerReflectionInfo", "_OTHER"} == methods


async def test_started_and_handled_agree_however_calls_end(start: Start, gates: Gates) -> None:
    server = await start(metrics_port=0, compute_threads=1)
    await server.electrochemistry.ComputeNernst(NERNST)
    messages = len(await rest_of(server.simulation.Simulate(pb.SimulateRequest(spec=spec(steps=4), frame_stride=1))))
    await refused(_raw(server, "/mfn.v1.SimulationService/UploadArray")(iter([b"\xff"])))
    await refused(_raw(server, "/mfn.v1.FeatureService/ExtractFeatureStream")(iter([b"\xff"])))
    gates.allow(0)
    cancelled = server.simulation.RunSimulation(pb.RunSimulationRequest(spec=spec(steps=5)))
    await gates.reached(5)
    expiring = server.simulation.Simulate(pb.SimulateRequest(spec=endless()), timeout=0.2)
    assert (await refused(expiring)).code is grpc.StatusCode.DEADLINE_EXCEEDED
    cancelled.cancel()
    samples = await _ended(server, 6)
    gates.open()
    handled = "grpc_server_handled_total"
    assert value(samples, "grpc_server_started_total") == value(samples, handled) == 6
    assert value(samples, handled, grpc_code="CANCELLED", grpc_method="RunSimulation") == 1
    assert value(samples, handled, grpc_code="DEADLINE_EXCEEDED", grpc_method="Simulate") == 1
    assert value(samples, handled, grpc_code="INVALID_ARGUMENT") == 2
    assert value(samples, "grpc_server_handling_seconds_count") == 6
    assert value(samples, "grpc_server_msg_sent_total", grpc_method="Simulate") >= messages


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [
        (asyncio.CancelledError(), None, "CANCELLED"),
        (asyncio.CancelledError(), Outcome(grpc.StatusCode.DEADLINE_EXCEEDED), "DEADLINE_EXCEEDED"),
        (RuntimeError(), None, "INTERNAL"),
    ],
)
async def test_a_call_whose_chain_is_left_by_an_exception_is_counted_as_its_caller_is_told(
    error: BaseException, outcome: Outcome | None, code: str
) -> None:
    rpcs = RpcMetrics()

    async def leave(call: Call) -> None:
        call.outcome = outcome
        raise error

    with pytest.raises(type(error)):
        await CountCalls(rpcs, AuthMetrics())(leave, call_of())
    handled = {sample.labels["grpc_code"]: sample.value for sample in rpcs.collect()[1].samples}
    assert {found: count for found, count in handled.items() if count} == {code: 1}


async def test_nothing_that_callers_make_up_becomes_a_series(start: Start) -> None:
    server = await start(metrics_port=0)
    await refused(_raw(server, "/no.Service/Method")(iter([b""])))
    before = ours(await _ended(server, 1))
    for number in range(20):
        await refused(
            _raw(server, f"/made.up{number}/Method{number}")(iter([b""]), metadata=[("x-tenant", f"t{number}")])
        )
    await refused(_raw(server, "/mfn.v1.SimulationService/RunSimulation")(iter([b"\x52\x02\x08\x01"])))
    samples = await _ended(server, 22)
    grown = {key for key in ours(samples) - before if "handling_seconds" not in key[0]}
    assert not grown
    assert not undeclared(samples)
    assert value(samples, "grpc_server_started_total", grpc_method="_OTHER") == 21
    assert value(samples, "grpc_server_handled_total", grpc_method="_OTHER", grpc_code="UNIMPLEMENTED") == 21


async def test_messages_of_an_open_stream_are_counted_before_it_ends(start: Start, gates: Gates) -> None:
    server = await start(metrics_port=0)
    gates.allow(1)
    call = server.simulation.Simulate(pb.SimulateRequest(spec=spec(steps=50), frame_stride=1))
    for _ in range(3):
        await call.read()
    samples = await scrape(server)
    assert value(samples, "grpc_server_msg_sent_total", grpc_method="Simulate") >= 2
    assert value(samples, "grpc_server_in_flight", grpc_method="Simulate") == 1
    call.cancel()
    gates.open()
    await _ended(server, 1)


@pytest.fixture
def promtool(require_tool: Callable[[str, str], Path]) -> Path:
    return require_tool("promtool", "apt-get install prometheus")


async def test_prometheus_finds_nothing_to_complain_about(start: Start, promtool: Path) -> None:
    server = await start(metrics_port=0)
    await server.electrochemistry.ComputeNernst(NERNST)
    text = (await page(server)).encode()
    checked = await asyncio.to_thread(run, [str(promtool), "check", "metrics"], input=text, capture_output=True)
    assert (checked.returncode, checked.stderr) == (0, b"")
