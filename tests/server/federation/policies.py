"""Policies that tests share."""

from typing import Any

from mfn_grpc.v1 import federation_pb2 as pb


def policy(quorum: int = 2, rounds: int = 1, **fields: Any) -> pb.FederationPolicy:
    """Plain averaging, nobody expected to be faulty."""
    found = pb.FederationPolicy(min_participants=quorum, max_rounds=rounds, **fields)
    if not found.aggregation.WhichOneof("rule"):
        found.aggregation.mean.SetInParent()
    if not found.aggregation.WhichOneof("faulty"):
        found.aggregation.f = 0
    return found
