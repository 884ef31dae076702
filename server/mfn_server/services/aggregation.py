"""FederationService of a server that has nowhere to keep federations: Aggregate, which keeps nothing, and no more."""

from collections.abc import AsyncGenerator, AsyncIterator

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.aggregation.aggregate import AggregateRounds
from mfn_server.rpc.call import Call


class AggregationService:
    """Answers what needs no durable state; `bind` refuses the other methods and says why."""

    needs = AggregateRounds.needs
    why_not = "it has no MFN_STATE_DIR, the directory in which federations outlive its process"

    def __init__(self, rounds: AggregateRounds) -> None:
        self._rounds = rounds

    def aggregate(
        self, requests: AsyncIterator[pb.AggregateRequest], call: Call
    ) -> AsyncGenerator[pb.AggregateResponse, None]:
        """Robust aggregation for those who run their own rounds."""
        return self._rounds.aggregate(requests, call)
