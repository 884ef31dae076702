"""What opens a round and announces a client, understood: every fault of the caller's is named at once."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from mfn_grpc.arrays import ArrayFault
from mfn_grpc.core.aggregation import AggregationPolicy
from mfn_grpc.core.limits import Faults, Violation
from mfn_grpc.tensors import element_types, manifest_faults, retyped
from mfn_grpc.v1.federation_pb2 import AggregateBegin, AggregateClientBegin, TensorManifest
from mfn_grpc.v1.types_pb2 import ElementType
from mfn_server.aggregation.policies import decode_aggregation
from mfn_server.decoding import type_violations

MOST_CLIENTS = 10_000
MOST_ID_CHARACTERS = 64
DIGEST_BYTES = 32
RESULT_TYPES = (ElementType.ELEMENT_TYPE_FLOAT64, ElementType.ELEMENT_TYPE_FLOAT32)


@dataclass(frozen=True)
class Plan:
    """What a round is about: its number, how updates become one, their tensors, and those of the aggregate."""

    round: int
    policy: AggregationPolicy
    manifest: TensorManifest
    result: TensorManifest


def decode_begin(begin: AggregateBegin) -> Plan:
    """The plan of a round; raises InvalidInput."""
    faults = Faults()
    with faults.under("begin"):
        if begin.round < 0:
            faults.add(Violation("round", str(begin.round), f"is {begin.round}, must be 0 or more"))
        with faults.under("aggregation"):
            policy = decode_aggregation(begin.aggregation, faults)
        note_manifest_faults(manifest_faults(begin.manifest), "manifest", faults)
        if begin.result_element_type:
            for violation in type_violations(begin.result_element_type, RESULT_TYPES, "result_element_type"):
                faults.add(violation)
    faults.refuse()
    return Plan(begin.round, policy, begin.manifest, _result_manifest(begin))


def note_manifest_faults(found: Iterable[ArrayFault], field: str, faults: Faults) -> None:
    """Note what is wrong with the manifest in this field."""
    for fault in found:
        faults.add(Violation(f"{field}.{fault.field}", "", fault.description))


def check_announcement(begin: AggregateClientBegin, known: Iterable[str]) -> None:
    """Refuse a client that cannot be told from others, whose weight is no number, or that announces no digest."""
    faults = Faults()
    with faults.under("client_begin"):
        for violation in _announcement_violations(begin, known):
            faults.add(violation)
    faults.refuse()


def weight_of(begin: AggregateClientBegin) -> float:
    """The client's weight."""
    return begin.weight if begin.HasField("weight") else 1.0


def _announcement_violations(begin: AggregateClientBegin, known: Iterable[str]) -> Iterable[Violation]:
    client_id, length = begin.client_id, len(begin.client_id)
    if not 1 <= length <= MOST_ID_CHARACTERS:
        yield Violation("client_id", str(length), f"has {length} characters, must have 1 to {MOST_ID_CHARACTERS}")
    elif client_id in known:
        yield Violation("client_id", client_id, f"is {client_id!r}, which was announced before in this round")
    weight = weight_of(begin)
    if not (math.isfinite(weight) and weight >= 0):
        yield Violation("weight", str(weight), f"is {weight:g}, must be 0 or more and finite")
    if len(begin.sha256) != DIGEST_BYTES:
        yield Violation("sha256", "", f"has {len(begin.sha256)} bytes, must have {DIGEST_BYTES}")


def _result_manifest(begin: AggregateBegin) -> TensorManifest:
    own = element_types(begin.manifest)
    if begin.result_element_type:
        return retyped(begin.manifest, dict.fromkeys(own, begin.result_element_type))
    int8, float32 = ElementType.ELEMENT_TYPE_INT8, ElementType.ELEMENT_TYPE_FLOAT32
    return retyped(begin.manifest, {name: float32 if each == int8 else each for name, each in own.items()})
