"""Real OTLP over gRPC, and real Zipkin JSON: the spans of a server form a tree below the caller's own."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from mfn_grpc.arrays import split_parts
from mfn_grpc.v1 import electrochemistry_pb2_grpc, features_pb2, features_pb2_grpc
from mfn_grpc.v1 import simulation_pb2 as pb
from tests.e2e.process import PATIENCE_S, ServerProcess
from tests.server.calling import NERNST
from tests.server.specs import spec
from tests.server.telemetry.collectors import SERVER, Caller, Collector, below, collector, values_of, zipkin

SAMPLED, UNSAMPLED = Caller("a" * 32), Caller("d" * 32, flags="00")
SMALL = spec("gray_scott", steps=30, shape=(32, 32))


@pytest.fixture(scope="module")
def collecting() -> Iterator[tuple[Collector, str]]:
    with collector() as made:
        yield made


@pytest.fixture(scope="module")
def server(collecting: tuple[Collector, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    settings = {"trace_exporter": "otlp", "trace_endpoint": collecting[1], "trace_sample_ratio": 0}
    with closing(ServerProcess(state_dir=tmp_path_factory.mktemp("state"), **settings)) as made:
        yield made.wait_until_serving()


def unary(server: ServerProcess, metadata: Any) -> None:
    server.simulation.RunSimulation(pb.RunSimulationRequest(spec=SMALL), timeout=PATIENCE_S, metadata=metadata)


def answers(server: ServerProcess, metadata: Any) -> None:
    request = pb.SimulateRequest(spec=SMALL, frame_stride=1)
    assert list(server.simulation.Simulate(request, timeout=PATIENCE_S, metadata=metadata))


def upload(server: ServerProcess, metadata: Any) -> None:
    parts = (pb.UploadArrayRequest(part=part) for part in split_parts("", np.ones((8, 8))))
    server.simulation.UploadArray(parts, timeout=PATIENCE_S, metadata=metadata)


def both_ways(server: ServerProcess, metadata: Any) -> None:
    (part,) = split_parts("", np.ones((8, 8)))
    begin = features_pb2.ExtractFeatureStreamRequest(begin=features_pb2.FeatureStreamBegin(shape=[8, 8]))
    frame = features_pb2.ExtractFeatureStreamRequest(part=part)
    stub = features_pb2_grpc.FeatureServiceStub(server.channel)
    assert list(stub.ExtractFeatureStream(iter([begin, frame]), timeout=PATIENCE_S, metadata=metadata))


KINDS: dict[str, tuple[Callable[..., None], str, str]] = {
    "unary": (unary, "SimulationService/RunSimulation", "slices"),
    "server stream": (answers, "SimulationService/Simulate", "slices"),
    "client stream": (upload, "SimulationService/UploadArray", "store_array"),
    "both ways": (both_ways, "FeatureService/ExtractFeatureStream", "compute"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_callers_span_is_the_parent_and_inner_spans_hang_below(
    server: ServerProcess, collecting: tuple[Collector, str], kind: str
) -> None:
    call, method, inner = KINDS[kind]
    caller = Caller(f"{list(KINDS).index(kind) + 1:032x}")
    call(server, caller.metadata)
    spans = collecting[0].ended(caller)
    (root,) = (span for span in spans if span.kind == SERVER)
    assert (root.name, root.parent_span_id.hex(), root.trace_state) == (f"mfn.v1.{method}", caller.span_id, "us=1")
    attributes = values_of(root.attributes)
    assert (attributes["rpc.system"], attributes["rpc.grpc.status_code"]) == ("grpc", 0)
    assert inner in below(root.span_id, spans)
    assert len(below(root.span_id, spans)) == len(spans) - 1  # nothing hangs anywhere else
    assert collecting[0].resources[0]["service.name"] == "mfn-server"


def test_a_run_of_many_short_slices_has_few_spans_that_tell_its_steps(
    server: ServerProcess, collecting: tuple[Collector, str]
) -> None:
    caller = Caller("c" * 32)
    answers(server, caller.metadata)
    found = [values_of(span.attributes) for span in collecting[0].ended(caller) if span.name == "slices"]
    assert (found[0]["mfn.from_step"], found[-1]["mfn.to_step"]) == (0, 30)
    assert sum(each["mfn.slices"] for each in found) >= 8  # four frames a slice at most
    assert len(found) <= 3


def test_a_trace_that_begins_here_is_sent_to_zipkin_before_the_server_ends(tmp_path: Path) -> None:
    with zipkin() as (got, endpoint):
        settings = {"trace_exporter": "zipkin", "trace_endpoint": endpoint, "trace_sample_ratio": 1}
        with closing(ServerProcess(drain_notice_s=0, state_dir=tmp_path, **settings)) as server:
            electrochemistry_pb2_grpc.ElectrochemistryServiceStub(server.channel).ComputeNernst(
                NERNST, timeout=PATIENCE_S
            )
            server.terminate()
            assert server.wait() == 0
    (span,) = (each for each in got if each["name"] == "mfn.v1.ElectrochemistryService/ComputeNernst")
    assert (span["kind"], span["localEndpoint"]["serviceName"]) == ("SERVER", "mfn-server")


@pytest.fixture(scope="module")
def lonely(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The log of a server whose collector is down, and that answered two callers all the same."""
    settings = {"trace_exporter": "otlp", "trace_endpoint": "http://127.0.0.1:1", "drain_notice_s": 0}
    settings["log_format"] = "json"
    with closing(ServerProcess(state_dir=tmp_path_factory.mktemp("state"), **settings)) as server:
        stub = electrochemistry_pb2_grpc.ElectrochemistryServiceStub(server.channel)
        for caller in (SAMPLED, UNSAMPLED):
            assert stub.ComputeNernst(NERNST, timeout=PATIENCE_S, metadata=caller.metadata).potential_mv < 0
        server.terminate()
        assert server.wait() == 0
        return server.log


def test_a_collector_that_is_down_costs_one_line_and_no_call(lonely: str) -> None:
    assert lonely.count("the collector of traces") == 1
    assert "Traceback" not in lonely


def test_the_log_names_the_trace_of_every_call_that_has_one(lonely: str) -> None:
    lines = [json.loads(line) for line in lonely.splitlines() if line.startswith("{")]
    named = [line.get("trace_id") for line in lines if line.get("method", "").endswith("/ComputeNernst")]
    assert named == [SAMPLED.trace_id, UNSAMPLED.trace_id]


def test_a_refusal_is_told_by_its_reason_and_is_no_error_of_the_server(
    server: ServerProcess, collecting: tuple[Collector, str]
) -> None:
    caller = Caller("e" * 32)
    with pytest.raises(grpc.RpcError):
        server.simulation.RunSimulation(pb.RunSimulationRequest(), timeout=PATIENCE_S, metadata=caller.metadata)
    (root,) = (span for span in collecting[0].ended(caller) if span.kind == SERVER)
    assert values_of(root.events[0].attributes) == {"mfn.reason": "INVALID_FIELD"}
    assert values_of(root.attributes)["rpc.grpc.status_code"] == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert not root.status.code
