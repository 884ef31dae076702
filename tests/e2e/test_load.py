"""Under load: memory stays bounded, health answers, and nobody who waits holds a worker."""

import sys
from itertools import islice, pairwise
from typing import Any

import numpy as np
import pytest

from mfn_grpc.arrays import to_array
from mfn_grpc.v1 import electrochemistry_pb2, types_pb2
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_grpc.v1.electrochemistry_pb2_grpc import ElectrochemistryServiceStub
from tests.e2e.conftest import Serve
from tests.e2e.process import PATIENCE_S, SERVING
from tests.server.calling import NERNST
from tests.server.specs import endless, spec

MIB = 2**20
EDGE = 512
STATE_BYTES = 2 * 2 * (EDGE + 2) ** 2 * 8
FRAME_BYTES = 2 * EDGE**2 * 8
SLACK_BYTES = 24 * MIB
"""What the transport buffers for a reader that does not read (about 4 MiB), messages on their way, the heap's own."""


def simulate(server: Any, message: pb.SimulationSpec, stride: int = 1) -> Any:
    return server.simulation.Simulate(pb.SimulateRequest(spec=message, frame_stride=stride), timeout=PATIENCE_S)


@pytest.mark.skipif(sys.platform != "linux", reason="RssAnon is told by Linux alone")
def test_a_reader_that_stops_reading_costs_a_bounded_amount_of_memory_and_no_worker(serve: Serve) -> None:
    server = serve(compute_threads=1)
    other = pb.RunSimulationRequest(spec=spec(steps=2000, shape=(64, 64)))
    server.simulation.RunSimulation(other, timeout=PATIENCE_S)
    idle = server.anonymous_bytes()
    call = simulate(server, endless(shape=(EDGE, EDGE)))
    first = list(islice(call, 5))
    assert first[-1].frame.last
    # Each of these needs the one worker. Were the stream still computing, it would have its turn between their slices
    # and another 4 MiB to keep each time.
    for _ in range(60):
        assert server.simulation.RunSimulation(other, timeout=PATIENCE_S).summary.steps_done == 2000
    grown = server.anonymous_bytes() - idle
    assert grown <= STATE_BYTES + 2 * FRAME_BYTES + SLACK_BYTES
    following = list(islice(call, 40))  # the stream is alive and goes on where it stopped
    assert following[-1].frame.step > first[-1].frame.step
    call.cancel()


@pytest.mark.skipif(sys.platform != "linux", reason="RssAnon is told by Linux alone")
def test_the_memory_of_a_stream_does_not_grow_with_its_frames(serve: Serve) -> None:
    server = serve(compute_threads=1)
    server.simulation.RunSimulation(pb.RunSimulationRequest(spec=spec()), timeout=PATIENCE_S)
    idle = server.anonymous_bytes()
    call = simulate(server, spec(steps=100, shape=(EDGE, EDGE)))
    after = {response.frame.step: server.anonymous_bytes() for response in call if response.frame.last}
    assert sorted(after) == list(range(101))
    assert max(after.values()) - idle <= STATE_BYTES + 2 * FRAME_BYTES + SLACK_BYTES


def test_health_and_small_calls_answer_while_every_worker_computes(serve: Serve) -> None:
    server = serve(compute_threads=2)
    streams = [simulate(server, endless(shape=(256, 256)), stride=500) for _ in range(3)]
    for stream in streams:
        assert next(stream).HasField("started")
    small = ElectrochemistryServiceStub(server.channel)
    reached = []
    for _ in range(5):
        assert [server.check(name) for name in ("", "liveness", "mfn.v1.SimulationService")] == [SERVING] * 3
        assert small.ComputeNernst(NERNST, timeout=PATIENCE_S).potential_mv < 0
        reached.append([next(answer.frame.step for answer in stream if answer.frame.last) for stream in streams])
    # Between one round of answers and the next, every simulation went on.
    rounds = [zip(earlier, later, strict=True) for earlier, later in pairwise(reached)]
    assert all(before < after for each in rounds for before, after in each)
    for stream in streams:
        stream.cancel()


def test_a_batch_gets_its_turn_beside_simulations_of_others(serve: Serve) -> None:
    server = serve(compute_threads=1)
    stream = simulate(server, endless(shape=(256, 256)), stride=500)
    assert next(stream).HasField("started")
    out = np.full(100_000, 0.005)
    request = electrochemistry_pb2.ComputeNernstBatchRequest(
        z_valence=to_array(np.array(1)),
        concentration_out_molar=to_array(out),
        concentration_in_molar=to_array(np.array(0.14)),
    )
    answer = ElectrochemistryServiceStub(server.channel).ComputeNernstBatch(request, timeout=PATIENCE_S)
    assert list(answer.potential_mv.shape) == [100_000]
    assert answer.potential_mv.element_type == types_pb2.ELEMENT_TYPE_FLOAT64
    stream.cancel()


def test_a_caller_that_vanishes_frees_its_place(serve: Serve) -> None:
    server = serve(compute_threads=1, max_running=1, max_queued=1)
    for _ in range(5):
        stream = simulate(server, endless(shape=(64, 64)), stride=1000)
        assert next(stream).HasField("started")  # admitted: the one before it has left its place
        stream.cancel()
    answer = server.simulation.RunSimulation(pb.RunSimulationRequest(spec=spec()), timeout=PATIENCE_S)
    assert answer.summary.steps_done == 6
