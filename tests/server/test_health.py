"""Health: what serves is SERVING, what does not is not, and nobody's watch holds up the end."""

import asyncio
import threading
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mfn_server import app
from mfn_server.health import NOT_SERVING, SERVING
from mfn_server.kernels import WARM_UPS, Group, Kernels
from tests.server.calling import SERVICES, refused
from tests.server.conftest import Running, Start

SERVED = ["", *(service.full_name for service in SERVICES)]
UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


def stub(server: Running) -> Any:
    return health_pb2_grpc.HealthStub(server.channel)  # type: ignore[no-untyped-call]  # generated without types


async def status(server: Running, service: str = "") -> int:
    answer = await stub(server).Check(health_pb2.HealthCheckRequest(service=service))
    return int(answer.status)


async def changes(server: Running, service: str) -> Any:
    """An open watch, whose first status has been read."""
    call = stub(server).Watch(health_pb2.HealthCheckRequest(service=service))
    first = await call.read()
    return call, first.status


async def test_until_the_kernels_are_compiled_the_server_lives_but_does_not_serve(
    start: Start, compiling: threading.Event
) -> None:
    server = await start(ready=False)
    assert await status(server) == NOT_SERVING
    assert await status(server, "mfn.v1.SimulationService") == NOT_SERVING
    assert await status(server, "liveness") == SERVING
    call, first = await changes(server, "mfn.v1.SimulationService")
    assert first == NOT_SERVING
    compiling.set()
    assert (await call.read()).status == SERVING
    call.cancel()
    assert [await status(server, name) for name in SERVED] == [SERVING] * len(SERVED)


async def test_what_needs_no_kernels_serves_while_they_compile(start: Start, compiling: threading.Event) -> None:
    server = await start(ready=False)
    assert await status(server, "mfn.v1.ElectrochemistryService") == SERVING
    assert not compiling.is_set()


async def test_each_service_serves_as_soon_as_the_kernels_that_it_needs_are_compiled(
    start: Start, compiling_each: dict[Group, threading.Event]
) -> None:
    server = await start(ready=False)
    kernels = server.application.kernels
    serve_after = {
        Group.FEATURES: [],
        Group.FRACTALS: [],
        Group.EARLY_WARNING: ["mfn.v1.FeatureService"],
        Group.AGGREGATION: ["mfn.v1.FederationService"],
        Group.REACTION_DIFFUSION: ["mfn.v1.SimulationService"],
        Group.EXPONENTS: [],
        Group.LEARNING: ["mfn.v1.ValidationService", ""],
    }
    expected = dict.fromkeys(SERVED, NOT_SERVING) | {"mfn.v1.ElectrochemistryService": SERVING}
    for group, names in serve_after.items():
        compiling_each[group].set()
        await kernels.wait([group])
        expected |= dict.fromkeys(names, SERVING)
        assert {name: await status(server, name) for name in SERVED} == expected


async def test_kernels_that_do_not_compile_leave_what_needs_them_not_serving(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("no compiler")

    monkeypatch.setattr(app, "Kernels", lambda: Kernels(WARM_UPS | {Group.REACTION_DIFFUSION: fail}))
    server = await start()
    assert await status(server) == NOT_SERVING
    for service in ("Simulation", "Validation"):
        assert await status(server, f"mfn.v1.{service}Service") == NOT_SERVING
    for service in ("Electrochemistry", "Feature"):
        assert await status(server, f"mfn.v1.{service}Service") == SERVING
    assert await status(server, "liveness") == SERVING


async def test_services_that_are_not_offered_are_unknown_to_health(start: Start) -> None:
    server = await start()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await status(server, "no.such.Service")
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    _, watched = await changes(server, "no.such.Service")
    assert watched == UNKNOWN


async def test_a_drain_says_so_first_while_calls_still_run_and_are_taken(start: Start) -> None:
    server = await start(drain_notice_s=600)
    call, first = await changes(server, "")
    assert first == SERVING
    draining = asyncio.create_task(server.lifecycle.drain())
    assert (await call.read()).status == NOT_SERVING
    assert not server.application.draining.is_set()
    assert [await status(server, name) for name in SERVED] == [NOT_SERVING] * len(SERVED)
    assert await status(server, "liveness") == SERVING
    call.cancel()
    draining.cancel()


async def test_kernels_that_are_ready_during_the_notice_do_not_announce_a_server_that_is_leaving(
    start: Start, compiling: threading.Event
) -> None:
    server = await start(ready=False, drain_notice_s=600)
    call, first = await changes(server, "mfn.v1.ElectrochemistryService")
    assert first == SERVING
    draining = asyncio.create_task(server.lifecycle.drain())
    assert (await call.read()).status == NOT_SERVING
    compiling.set()
    await server.application.kernels.wait(tuple(Group))
    assert [await status(server, name) for name in SERVED] == [NOT_SERVING] * len(SERVED)
    call.cancel()
    draining.cancel()


async def test_open_watches_end_with_the_drain_and_do_not_hold_it_up(start: Start) -> None:
    server = await start(drain_grace_s=600)
    call, first = await changes(server, "")
    assert first == SERVING
    await asyncio.wait_for(server.lifecycle.drain(), 60)
    assert (await call.read()).status == NOT_SERVING
    assert await call.read() is grpc.aio.EOF
    assert await call.code() is grpc.StatusCode.OK


@pytest.mark.parametrize("raw", [b"\xff", b"\x0a\x05ab"])
async def test_bytes_that_are_no_health_request_are_refused_like_any_other(start: Start, raw: bytes) -> None:
    server = await start()
    for method in ("Check", "Watch"):
        multicallable: Any = server.channel.unary_stream(f"/grpc.health.v1.Health/{method}")
        refusal = await refused(multicallable(raw))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST")
