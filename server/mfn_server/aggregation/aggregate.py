"""The Aggregate call: robust aggregation for those who run their own rounds."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, closing

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.aggregation.inbox import Inbox
from mfn_server.aggregation.rounds import Room, Rounds
from mfn_server.aggregation.spool import Spool
from mfn_server.federation.disk import Disk
from mfn_server.kernels import Group
from mfn_server.rpc.call import Call
from mfn_server.runtime import Runtime

IDLE_S = 60.0
"""As the contract says."""


class AggregateRounds:
    """Answers Aggregate streams; nothing outlives one. idle_s: longest silence of a caller in an open round."""

    needs = (Group.AGGREGATION,)

    def __init__(self, runtime: Runtime, spool: Spool, disk: Disk, *, idle_s: float = IDLE_S) -> None:
        self._runtime, self._room, self._idle_s = runtime, Room(spool, disk), idle_s

    async def aggregate(
        self, requests: AsyncIterator[pb.AggregateRequest], call: Call
    ) -> AsyncGenerator[pb.AggregateResponse, None]:
        """Verdicts, aggregate and record of every round that the stream brings."""
        runtime = self._runtime
        await runtime.ready(call, self.needs)
        with (
            runtime.admission.open_stream(),
            self._room.spool.share() as share,
            closing(Rounds(runtime, self._room, share, call, self._idle_s)) as rounds,
        ):
            async with Inbox(requests, runtime.draining) as inbox, aclosing(rounds.answer(inbox)) as responses:
                async for response in responses:
                    yield response
