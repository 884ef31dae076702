"""Calls are counted by how they fared with the rate limits."""

import socket

import grpc
import pytest

from mfn_grpc.v1 import simulation_pb2 as pb
from tests.server.calling import NERNST, refused
from tests.server.conftest import Start
from tests.server.specs import spec
from tests.server.telemetry.metrics.scraping import scrape, undeclared, value

CALLS = "mfn_rate_limit_total"


async def test_calls_within_and_beyond_their_rate_are_counted_by_class(start: Start) -> None:
    server = await start(metrics_port=0, rate_limit_enabled=True, rate_limit_read="2/d burst 2")
    for _ in range(2):
        await server.electrochemistry.ComputeNernst(NERNST)
    for _ in range(3):
        await refused(server.electrochemistry.ComputeNernst(NERNST))
    samples = await scrape(server)
    assert value(samples, CALLS, method_class="read", outcome="allowed") == 2
    assert value(samples, CALLS, method_class="read", outcome="limited") == 3
    assert value(samples, CALLS) == 5
    assert value(samples, "mfn_rate_limit_buckets") > 0
    assert not undeclared(samples)


async def test_a_call_that_asks_for_too_much_is_allowed_and_then_limited(start: Start) -> None:
    server = await start(metrics_port=0, rate_limit_enabled=True, rate_limit_cell_steps="1000/d burst 1000")
    request = pb.RunSimulationRequest(spec=spec(steps=6))
    await server.simulation.RunSimulation(request)  # a cost beyond the burst takes all of it
    refusal = await refused(server.simulation.RunSimulation(request))
    assert refusal.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    samples = await scrape(server)
    assert value(samples, CALLS, method_class="simulate", outcome="allowed") == 2
    assert value(samples, CALLS, method_class="simulate", outcome="limited") == 1


@pytest.mark.parametrize("policy", ["open", "closed"])
async def test_a_store_that_does_not_answer_is_counted_whether_the_call_passes_or_not(
    start: Start, policy: str
) -> None:
    with socket.socket() as held:  # bound and never listening: whoever connects is refused
        held.bind(("127.0.0.1", 0))
        url = f"redis://127.0.0.1:{held.getsockname()[1]}"
        server = await start(
            metrics_port=0, rate_limit_enabled=True, rate_limit_store=url, rate_limit_store_failure=policy
        )
        call = server.electrochemistry.ComputeNernst(NERNST)
        if policy == "open":
            await call
        else:
            assert (await refused(call)).code is grpc.StatusCode.UNAVAILABLE
        samples = await scrape(server)
    assert value(samples, CALLS, method_class="read", outcome="store_failed") == value(samples, CALLS) == 1
