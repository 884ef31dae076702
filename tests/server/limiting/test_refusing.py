"""A running server refuses calls for what they ask beyond being calls, and no check of its health."""

import asyncio
from typing import Any

import grpc
import numpy as np
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mfn_grpc.arrays import split_parts
from mfn_grpc.v1 import simulation_pb2 as pb
from tests.server.aggregation.serving import begin, clients_of
from tests.server.calling import refused, rest_of
from tests.server.conftest import Start
from tests.server.specs import spec

RUN = pb.SimulateRequest(spec=spec())
PARTS = [pb.UploadArrayRequest(part=part) for part in split_parts("state", np.zeros((2, 16, 16)))]


async def limit_of(call: Any) -> str:
    """Which limit a call is refused for, as QuotaFailure names it."""
    refusal = await refused(call)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED")
    details = status_pb2.Status.FromString(bytes(refusal.trailers["grpc-status-details-bin"])).details  # type: ignore[arg-type]  # a -bin value is bytes
    quota = error_details_pb2.QuotaFailure()
    assert any(detail.Unpack(quota) for detail in details)
    return quota.violations[0].subject.rpartition("/")[2]


async def test_a_second_simulation_is_refused_for_the_cells_and_steps_of_the_first(start: Start) -> None:
    server = await start(rate_limit_enabled=True, rate_limit_cell_steps=f"{16 * 16 * RUN.spec.steps}/d")
    await rest_of(server.simulation.Simulate(RUN))
    assert await limit_of(server.simulation.Simulate(RUN)) == "cell_steps"


async def test_a_second_upload_is_refused_for_the_bytes_of_the_first(start: Start) -> None:
    size = sum(part.ByteSize() for part in PARTS)
    server = await start(rate_limit_enabled=True, rate_limit_bytes=f"{size}/d")
    await server.simulation.UploadArray(iter(PARTS))
    assert await limit_of(server.simulation.UploadArray(iter(PARTS))) == "bytes"


async def test_an_aggregation_is_refused_for_its_second_client(start: Start) -> None:
    server = await start(rate_limit_enabled=True, rate_limit_clients="1/d")
    manifest, clients = clients_of(np.zeros((2, 3)))
    messages = [begin(manifest), *(client.begin() for client in clients)]
    assert await limit_of(server.federation.Aggregate(iter(messages))) == "clients"


async def test_neither_a_flood_of_checks_nor_of_watches_makes_a_probe_fail(start: Start) -> None:
    server = await start(rate_limit_enabled=True, rate_limit_health="3/d", max_streams_per_principal=1)
    health: Any = health_pb2_grpc.HealthStub(server.channel)  # type: ignore[no-untyped-call]  # generated without types
    watches = [health.Watch(health_pb2.HealthCheckRequest()) for _ in range(3)]
    for watch in watches:
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
    assert await limit_of(health.Watch(health_pb2.HealthCheckRequest())) == "health"
    await asyncio.gather(*(health.Check(health_pb2.HealthCheckRequest()) for _ in range(20)))
    assert await limit_of(health.Check(health_pb2.HealthCheckRequest(service="no.such.Service"))) == "health"
    for watch in watches:
        watch.cancel()
