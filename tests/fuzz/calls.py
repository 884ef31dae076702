"""What is fuzzed: every method of every service, the standard ones among them, and a call of each that is fine."""

import random
from typing import Any

import numpy as np
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from mfn_grpc.arrays import to_array
from mfn_grpc.v1 import electrochemistry_pb2 as electro
from mfn_grpc.v1 import features_pb2, federation_pb2, simulation_pb2, types_pb2, validation_pb2
from tests.fuzz.drawing import fill, mutated, nudge
from tests.server.calling import METHODS, NERNST, SERVICES, path_of
from tests.server.fields import field as potentials
from tests.server.fields import frame_parts, history, stream_messages
from tests.server.services.federations import NAME, ONE_ID, OTHER_ID, Sent, new_key
from tests.server.specs import spec

STANDARD: tuple[ServiceDescriptor, ...] = (
    health_pb2.DESCRIPTOR.services_by_name["Health"],
    reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"],
)
TARGETS: dict[str, MethodDescriptor] = {
    path_of(method): method for service in (*SERVICES, *STANDARD) for method in service.methods
}
TYPES: dict[str, Any] = {path: GetMessageClass(method.input_type) for path, method in TARGETS.items()}
ION = electro.Ion(z_valence=1, permeability=1, concentration_out_molar=0.005, concentration_in_molar=0.14)
SCALAR = to_array(np.array(0.1, np.float64))
WARNING = features_pb2.EarlyWarningOptions(window_frames=8, surrogates=10)
SINGLE: dict[str, Message] = {
    "Simulate": simulation_pb2.SimulateRequest(spec=spec("mycelium"), frame_stride=1, with_features=True),
    "RunSimulation": simulation_pb2.RunSimulationRequest(
        spec=spec("schnakenberg"),
        with_final_state=True,
        with_features=True,
        feature_options=types_pb2.FeatureOptions(species="v", thresholds=[0.5, 0.75, 1.0]),
    ),
    "AnalyzeStability": simulation_pb2.AnalyzeStabilityRequest(spec=spec("fitzhugh_nagumo")),
    "ListModels": simulation_pb2.ListModelsRequest(),
    "ComputeNernst": NERNST,
    "ComputeNernstBatch": electro.ComputeNernstBatchRequest(
        z_valence=to_array(np.array(2, np.int32)), concentration_out_molar=SCALAR, concentration_in_molar=SCALAR
    ),
    "ComputeGoldman": electro.ComputeGoldmanRequest(ions=[ION, ION]),
    "ComputeGoldmanCurrent": electro.ComputeGoldmanCurrentRequest(ion=ION, membrane_potential_mv=-70),
    "ExtractFeatures": features_pb2.ExtractFeaturesRequest(array=to_array(potentials(shape=(6, 5)))),
    "AnalyzeFractal": features_pb2.AnalyzeFractalRequest(
        array=to_array(potentials(shape=(9, 8)) + 100),
        threshold=50.0,
        estimators=[features_pb2.FRACTAL_ESTIMATOR_BOUNDARY_COUNT],
        box_count=features_pb2.BoxCountOptions(max_box_edge_cells=4),
        null_comparison=features_pb2.NullComparisonOptions(samples=10),
        lacunarity_box_edges_cells=[1, 3],
        generalized_orders=[0.0, 2.0],
    ),
    "Validate": validation_pb2.ValidateRequest(suite=validation_pb2.VALIDATION_SUITE_PHYSICS),
    "ValidateStream": validation_pb2.ValidateStreamRequest(suite=validation_pb2.VALIDATION_SUITE_PHYSICS),
}
SENT = Sent({"w": np.zeros(5, np.float32)})
FEDERATION: dict[str, list[Message]] = {
    "CreateFederation": [federation_pb2.CreateFederationRequest(federation_id="digits", request_id=ONE_ID)],
    "EnrolParticipant": [
        federation_pb2.EnrolParticipantRequest(
            parent=NAME, participant_id="ada", public_key=new_key(), request_id=OTHER_ID
        )
    ],
    "UploadModel": list(SENT.messages()),
    "GetFederation": [federation_pb2.GetFederationRequest(name=NAME)],
    "ListFederations": [federation_pb2.ListFederationsRequest(page_size=1)],
    "ListParticipants": [federation_pb2.ListParticipantsRequest(parent=NAME)],
    "ListRounds": [federation_pb2.ListRoundsRequest(parent=NAME)],
    "ListVerdicts": [federation_pb2.ListVerdictsRequest(parent=NAME, participant=f"{NAME}/participants/ada")],
    "WatchFederation": [federation_pb2.WatchFederationRequest(name=NAME, after_sequence=0)],
    "Federate": [
        federation_pb2.FederateRequest(join=federation_pb2.Join(participant=f"{NAME}/participants/ada")),
        federation_pb2.FederateRequest(proof=federation_pb2.Proof(signature=bytes(64))),
    ],
}
"""Calls about a federation, in the order in which they make sense; the last two go on for as long as they are let."""
OURS: dict[str, list[Message]] = {
    **{name: [message] for name, message in SINGLE.items()},
    "ExtractFeatureStream": list(stream_messages(history(3), early_warning=WARNING)),
    "UploadArray": [simulation_pb2.UploadArrayRequest(part=part) for part in frame_parts(potentials())],
    **FEDERATION,
}
VALID: dict[str, list[Message]] = {path_of(METHODS[name]): messages for name, messages in OURS.items()} | {
    "/grpc.health.v1.Health/Check": [health_pb2.HealthCheckRequest()],
    "/grpc.health.v1.Health/Watch": [health_pb2.HealthCheckRequest()],
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": [
        reflection_pb2.ServerReflectionRequest(list_services="")
    ],
}
"""The messages of a call that is fine, by path."""
ENDLESS = {path_of(METHODS[name]) for name in ("WatchFederation", "Federate")} | {"/grpc.health.v1.Health/Watch"}


def valid(path: str) -> list[bytes]:
    """A call that is fine, as bytes."""
    return [message.SerializeToString() for message in VALID[path]]


def drawn(path: str, rng: random.Random, number: int = 0) -> bytes:
    """A request of a method: made up altogether, or a valid one of its place with at most two fields changed."""
    message = TYPES[path]()
    if path in VALID and rng.random() < 0.6:
        message.CopyFrom(VALID[path][min(number, len(VALID[path]) - 1)])
        if len(VALID[path]) > 1 and rng.random() < 0.5:
            return bytes(message.SerializeToString())
        for _ in range(rng.choice([1, 1, 2])):
            nudge(message, rng)
        return bytes(message.SerializePartialToString())
    fill(message, rng)
    return mutated(message.SerializePartialToString(), rng)


def drawn_call(path: str, rng: random.Random) -> list[bytes]:
    """All requests of a call; now and then none, and as many as a valid call has where it has several."""
    if rng.random() < 0.05:
        return []
    usual = len(VALID.get(path, ()))
    return [drawn(path, rng, number) for number in range(max(1, usual, rng.randrange(4)))]
