"""Whatever bytes a caller sends to whatever method, the answer is an answer or a refusal with a reason."""

import itertools
import random
from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from mfn_grpc.arrays import to_array
from mfn_grpc.v1 import electrochemistry_pb2 as pb
from mfn_grpc.v1 import features_pb2, federation_pb2, simulation_pb2, types_pb2, validation_pb2
from mfn_grpc.v1.error_reason_pb2 import ErrorReason
from mfn_server.embedded import EmbeddedServer
from tests.contract.reasons import info_of
from tests.server.calling import METHODS, NERNST, Wire, path_of, refusal_of
from tests.server.fields import field as potentials
from tests.server.fields import frame_parts, history, stream_messages
from tests.server.services.federations import NAME, ONE_ID, OTHER_ID, Sent, new_key
from tests.server.specs import spec

FORBIDDEN = {grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL}
REQUESTS = 600
SECONDS_A_CALL = 0.4
"""Valid requests for long simulations and suites are cut off: a call that runs out of time has passed."""
MOST_ANSWERS = 20
WORDS = ["", "u", "v", "potential_mv", "arrays/" + "a" * 64, "é", "x" * 70, "\0", "mfn.v1.SimulationService"]
INTEGERS = [0, 1, -1, 2, 4, 5, 16, 64, 4096, 4097, 10**6, 10**12, 2**31 - 1, 2**62, -(2**31), -(2**63), 2**63 - 1]
REALS = [0.0, 1.0, -1.0, 0.1, 0.005, 37.0, 310.15, 1e-300, 1e300, float("inf"), float("-inf"), float("nan"), -0.0]
BITS = {FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1), FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1)}
BITS |= {FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1), FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1)}
DEEPEST = 4

EXTRA = {
    "/grpc.health.v1.Health/Check": "grpc.health.v1.HealthCheckRequest",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": "grpc.reflection.v1alpha.ServerReflectionRequest",
}


def scalar(field: Any, rng: random.Random) -> Any:
    """A value of a field that is no message; mostly one near a limit."""
    kind = field.cpp_type
    if kind in BITS:
        lowest, highest = BITS[kind]
        return min(max(rng.choice(INTEGERS), lowest), highest)
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        return rng.choice([0, 1, 2, 3, 7, 99])
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return rng.random() < 0.2
    if field.type == FieldDescriptor.TYPE_BYTES:
        return rng.randbytes(rng.choice([0, 1, 8, 64, 128, 4096]))
    return rng.choice(WORDS) if kind == FieldDescriptor.CPPTYPE_STRING else rng.choice(REALS)


def fill(message: Message, rng: random.Random, depth: int = 0) -> None:
    """Set about half of the fields, to anything that they can hold."""
    for field in message.DESCRIPTOR.fields:
        if rng.random() < 0.5 or (depth == DEEPEST and field.message_type is not None):
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            continue
        count = rng.choice([1, 2, 2, 3]) if field.is_repeated else 1
        for _ in range(count):
            set_one(message, field, rng, depth)


def set_one(message: Message, field: Any, rng: random.Random, depth: int) -> None:
    """Set a field, or add one element to it."""
    if field.message_type is not None:
        held = getattr(message, field.name)
        inner = held.add() if field.is_repeated else held
        inner.SetInParent()
        fill(inner, rng, depth + 1)
    elif field.is_repeated:
        getattr(message, field.name).append(scalar(field, rng))
    else:
        setattr(message, field.name, scalar(field, rng))


def nudge(message: Message, rng: random.Random) -> None:
    """Set one field of the message, or of a message inside it, and leave the rest."""
    field: Any = rng.choice(list(message.DESCRIPTOR.fields))
    inside = field.message_type is not None and not field.is_repeated and message.HasField(field.name)
    if inside and rng.random() < 0.8:
        nudge(getattr(message, field.name), rng)
    elif field.containing_oneof is None or message.WhichOneof(field.containing_oneof.name) is None:
        set_one(message, field, rng, DEEPEST - 1)


def drawn(path: str, rng: random.Random, number: int = 0) -> bytes:
    """A request of a method: made up altogether, or a valid one of its place with at most two fields changed."""
    message = TYPES[path]()
    if path in VALID and rng.random() < 0.6:
        message.CopyFrom(valid(path)[min(number, len(valid(path)) - 1)])
        if path in STREAMS and rng.random() < 0.5:
            return bytes(message.SerializeToString())
        for _ in range(rng.choice([1, 1, 2])):
            nudge(message, rng)
        return bytes(message.SerializePartialToString())
    fill(message, rng)
    return mutated(message.SerializePartialToString(), rng)


def mutated(raw: bytes, rng: random.Random) -> bytes:
    """The bytes with some of them changed, lost or repeated."""
    data = bytearray(raw)
    for _ in range(rng.choice([0, 0, 1, 3])):
        if not data:
            break
        place = rng.randrange(len(data))
        change = rng.choice(["flip", "cut", "insert", "repeat"])
        if change == "flip":
            data[place] ^= 1 << rng.randrange(8)
        elif change == "cut":
            del data[place : place + rng.randrange(1, 9)]
        elif change == "insert":
            data[place:place] = rng.randbytes(rng.randrange(1, 9))
        else:
            data += data[place:]
    return bytes(data)


def types() -> dict[str, Any]:
    """The request type of every method, by its path."""
    found = {path_of(method): GetMessageClass(method.input_type) for method in METHODS.values()}
    pool = pb.DESCRIPTOR.pool
    return found | {path: GetMessageClass(pool.FindMessageTypeByName(name)) for path, name in EXTRA.items()}


TYPES = types()
ION = pb.Ion(z_valence=1, permeability=1, concentration_out_molar=0.005, concentration_in_molar=0.14)
SCALAR = to_array(np.array(0.1, np.float64))
WARNING = features_pb2.EarlyWarningOptions(window_frames=8, surrogates=10)
VALID: dict[str, Message] = {
    path_of(METHODS[name]): message
    for name, message in {
        "Simulate": simulation_pb2.SimulateRequest(spec=spec("mycelium"), frame_stride=1, with_features=True),
        "RunSimulation": simulation_pb2.RunSimulationRequest(
            spec=spec("schnakenberg"),
            with_final_state=True,
            with_features=True,
            feature_options=types_pb2.FeatureOptions(species="v", thresholds=[0.5, 0.75, 1.0]),
        ),
        "AnalyzeStability": simulation_pb2.AnalyzeStabilityRequest(spec=spec("fitzhugh_nagumo")),
        "ComputeNernst": NERNST,
        "ComputeNernstBatch": pb.ComputeNernstBatchRequest(
            z_valence=to_array(np.array(2, np.int32)), concentration_out_molar=SCALAR, concentration_in_molar=SCALAR
        ),
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
        "ComputeGoldman": pb.ComputeGoldmanRequest(ions=[ION, ION]),
        "ComputeGoldmanCurrent": pb.ComputeGoldmanCurrentRequest(ion=ION, membrane_potential_mv=-70),
    }.items()
}
STREAMS: dict[str, list[Message]] = {
    path_of(METHODS["ExtractFeatureStream"]): list(stream_messages(history(3), early_warning=WARNING)),
    path_of(METHODS["UploadArray"]): [
        simulation_pb2.UploadArrayRequest(part=part) for part in frame_parts(potentials())
    ],
}
"""Valid calls of several messages."""
SENT = Sent({"w": np.zeros(5, np.float32)})
CALLS: dict[str, list[Message]] = {
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
FEDERATION = {path_of(METHODS[name]): messages for name, messages in CALLS.items()}
ENDLESS = {path_of(METHODS[name]) for name in ("WatchFederation", "Federate")}
STREAMS |= {path: messages for path, messages in FEDERATION.items() if len(messages) > 1}
VALID |= {path: messages[0] for path, messages in (STREAMS | FEDERATION).items()}


def valid(path: str) -> list[Message]:
    """The messages of a call that is fine."""
    return STREAMS.get(path) or [VALID[path]]


@pytest.fixture(scope="module")
def victim() -> Iterator[Wire]:
    """A server of its own: little room for state, so that what happens to be valid stays small."""
    with EmbeddedServer(workers=2, max_state_bytes=64 * 2**20) as server:
        wire = Wire(server.target, server.api_key)
        for path, messages in FEDERATION.items():
            if path not in ENDLESS:
                assert list(wire.open(path, [message.SerializeToString() for message in messages])), path
        yield wire
        wire.close()


def outcome(wire: Wire, path: str, requests: list[bytes]) -> grpc.StatusCode:
    """How the call ends; asserts that a refusal has a reason of the catalogue with its status code."""
    call = wire.open(path, requests, timeout=SECONDS_A_CALL)
    try:
        list(itertools.islice(call, MOST_ANSWERS))
        call.cancel()
    except grpc.RpcError as error:
        refusal = refusal_of(error)
        assert refusal.code not in FORBIDDEN, refusal
        if refusal.code not in {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED}:
            assert refusal.request_id, refusal
            assert info_of(ErrorReason.Value(f"ERROR_REASON_{refusal.reason}")).status_code == refusal.code.name
        return refusal.code
    return grpc.StatusCode.OK


@seed(20240229)
@settings(max_examples=REQUESTS, database=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(TYPES)), st.integers(0, 2**32), st.integers(0, 3))
def test_nothing_that_a_caller_sends_ends_as_unknown_or_internal(
    victim: Wire, path: str, randomness: int, count: int
) -> None:
    rng = random.Random(randomness)
    wanted = max(1, count, len(valid(path)) if path in STREAMS else 0)
    requests = [drawn(path, rng, i) for i in range(wanted if rng.random() < 0.95 else 0)]
    assert outcome(victim, path, requests) not in FORBIDDEN


def test_the_server_still_answers_after_all_of_it(victim: Wire) -> None:
    for path in VALID.keys() - ENDLESS:
        assert list(victim.open(path, [message.SerializeToString() for message in valid(path)])), path


def test_the_fuzz_reaches_valid_and_invalid_requests_alike() -> None:
    """Else it would prove nothing: among its messages are some that parse and some that do not."""
    rng, parsed = random.Random(1), {True: 0, False: 0}
    for _ in range(300):
        path = rng.choice(sorted(TYPES))
        try:
            TYPES[path].FromString(drawn(path, rng))
            parsed[True] += 1
        except DecodeError:
            parsed[False] += 1
    assert parsed[True] > 100
    assert parsed[False] > 20
