"""A program that calls one service of a fresh server and prints the kernels it wanted outside the warm-up.

`python -m tests.server.late_compiling SERVICE [unprepared]`; with the second word the service waits for no kernels.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
from google.protobuf.message import Message
from numba.core.dispatcher import Dispatcher

from mfn_grpc.arrays import to_array
from mfn_grpc.core.aggregation import RULES
from mfn_grpc.core.reaction_diffusion import MODELS
from mfn_grpc.core.reaction_diffusion.spec import steppers_of
from mfn_grpc.tensors import UPDATE_TYPES
from mfn_grpc.v1 import electrochemistry_pb2, features_pb2, simulation_pb2, types_pb2, validation_pb2
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.embedded import EmbeddedServer
from mfn_server.services.electrochemistry import ElectrochemistryService
from mfn_server.services.features import FeatureService
from mfn_server.services.federation import FederationService
from mfn_server.services.simulation import SimulationService
from mfn_server.services.validation import ValidationService
from tests.server.aggregation.serving import begin, clients_of, finish, one_after_another
from tests.server.calling import METHODS, NERNST, Wire, path_of
from tests.server.fields import field, frame_parts, history, stream_messages
from tests.server.specs import spec

Calls = Iterator[tuple[str, list[Message]]]
PRECISIONS = np.float64, np.float32


def electrochemistry() -> Calls:
    """One value and a batch."""
    scalar = to_array(np.array(0.1))
    batch = electrochemistry_pb2.ComputeNernstBatchRequest(
        z_valence=to_array(np.array(2, np.int32)), concentration_out_molar=scalar, concentration_in_molar=scalar
    )
    yield "ComputeNernst", [NERNST]
    yield "ComputeNernstBatch", [batch]


def simulations() -> Calls:
    """Every model in both precisions with each stepper, watched; reduced frames; stability; an upload."""
    for model, precision in product(MODELS.values(), (1, 2)):
        for stepper in steppers_of(model):
            message = spec(model.name, precision=precision, stepper=f"STEPPER_{stepper.name}")
            watched = types_pb2.FeatureOptions(species=model.species[0].name, thresholds=[0.1, 0.2, 0.3])
            run = simulation_pb2.RunSimulationRequest(spec=message, with_features=True, feature_options=watched)
            yield "RunSimulation", [run]
    reduced = simulation_pb2.SimulateRequest(
        spec=spec("mycelium"), frame_stride=1, with_features=True, frame_options=simulation_pb2.FrameOptions(max_edge=4)
    )
    yield "Simulate", [reduced]
    yield "AnalyzeStability", [simulation_pb2.AnalyzeStabilityRequest(spec=spec())]
    yield "UploadArray", [simulation_pb2.UploadArrayRequest(part=part) for part in frame_parts(field())]


def features() -> Calls:
    """Fields and histories of both precisions, a stream that is watched for warnings, and every part of an analysis."""
    for dtype in PRECISIONS:
        for array in (field(dtype=dtype), history(4, dtype=dtype)):
            yield "ExtractFeatures", [features_pb2.ExtractFeaturesRequest(array=to_array(array))]
        warning = features_pb2.EarlyWarningOptions(window_frames=8, surrogates=10, detrend_bandwidth_frames=2)
        yield "ExtractFeatureStream", list(stream_messages(history(30, dtype=dtype), early_warning=warning))
        for minimize in (False, True):
            options = features_pb2.AnalyzeFractalRequest(
                array=to_array(field(dtype=dtype) + 100),
                threshold=50.0,
                estimators=["FRACTAL_ESTIMATOR_BOX_COUNT", "FRACTAL_ESTIMATOR_BOUNDARY_COUNT"],
                box_count=features_pb2.BoxCountOptions(minimize_over_offsets=minimize),
                null_comparison=features_pb2.NullComparisonOptions(samples=10),
                lacunarity_box_edges_cells=[1, 3],
                generalized_orders=[0.0, 2.0],
            )
            yield "AnalyzeFractal", [options]


def validation() -> Calls:
    """The checks of every subject that QUICK gathers, and the training cycle."""
    yield "Validate", [validation_pb2.ValidateRequest()]


def aggregations() -> Calls:
    """One stream with a round of every rule behind every pre-aggregator, on updates of every type of element."""
    rules = [pb.AggregationPolicy(f=0, ignore_precondition=True) for _ in RULES]
    for policy, rule in zip(rules, RULES, strict=True):
        getattr(policy, rule).SetInParent()
        mixing, bucketing, clipping = (policy.pre_aggregators.add() for _ in range(3))
        mixing.nearest_neighbor_mixing.SetInParent()
        bucketing.bucketing.size = 1
        clipping.adaptive_clipping.SetInParent()
    plain = [pb.AggregationPolicy(f=0, ignore_precondition=True) for _ in RULES]
    for policy, rule in zip(plain, RULES, strict=True):
        getattr(policy, rule).SetInParent()
    messages: list[Message] = []
    for policy, element_type in product([*rules, *plain], UPDATE_TYPES):
        manifest, clients = clients_of(np.eye(5, 40), element_type)
        messages += [begin(manifest, policy), *one_after_another(clients), finish()]
    yield "Aggregate", messages


SERVICES: dict[str, tuple[Any, Callable[[], Calls]]] = {
    "ElectrochemistryService": (ElectrochemistryService, electrochemistry),
    "SimulationService": (SimulationService, simulations),
    "FeatureService": (FeatureService, features),
    "ValidationService": (ValidationService, validation),
    "FederationService": (FederationService, aggregations),
}


def watch() -> set[str]:
    """The kernels that a thread other than the warm-up's wants machine code of, compiled or stored; grows."""
    found, compile_ = set[str](), Dispatcher.compile

    def noted(self: Any, signature: Any) -> Any:
        if threading.current_thread().name != "mfn-warm-up":
            found.add(f"{self.py_func.__module__}.{self.py_func.__qualname__}")
        return compile_(self, signature)

    setattr(Dispatcher, "compile", noted)  # noqa: B010  # a plain assignment contradicts numba's annotations
    return found


def main(name: str, *options: str) -> None:
    """Call the service as its list of calls says."""
    service, calls = SERVICES[name]
    if "unprepared" in options:
        service.needs = ()
    found = watch()
    with EmbeddedServer(compute_threads=2) as server:
        wire = Wire(server.target, server.api_key)
        for method, messages in calls():
            raw = [message.SerializeToString() for message in messages]
            assert list(wire.open(path_of(METHODS[method]), raw)), method
        wire.close()
    sys.stdout.write(" ".join(sorted(found)))


if __name__ == "__main__":
    main(*sys.argv[1:])
