"""Callers that open streams and never read them: their places are free again once they have been idle too long."""

from itertools import islice

import grpc
import pytest

from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.embedded import EmbeddedServer
from tests.server.calling import METHODS, PATIENCE_S, Wire, path_of, refusal_of
from tests.server.specs import endless, spec

STREAMS = 3


def test_streams_that_nobody_reads_give_their_places_back() -> None:
    request = pb.SimulateRequest(spec=endless(shape=(512, 512)), frame_stride=1).SerializeToString()
    patient = pb.RunSimulationRequest(spec=spec())
    with EmbeddedServer(compute_threads=1, max_running=1, max_queued=1, reader_idle_s=0.2) as server:
        wire, unread = Wire(server.target, server.api_key), []
        for _ in range(STREAMS):
            unread.append(wire.open(path_of(METHODS["Simulate"]), [request]))
            assert len(list(islice(unread[-1], 1))) == 1  # it has the only place
            assert wire.answer("RunSimulation", patient, timeout=PATIENCE_S).summary.steps_done == 6
        for stream in unread:
            with pytest.raises(grpc.RpcError) as caught:
                list(stream)
            assert refusal_of(caught.value).reason == "STREAM_IDLE"
        wire.close()
