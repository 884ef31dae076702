"""What the messages of a call take beside the call itself: cells x steps, bytes, clients."""

import asyncio
from collections.abc import Sequence
from time import monotonic

from google.protobuf.message import Message

from mfn_server.limiting.buckets import Bucket, Level
from mfn_server.limiting.costs import COSTS, Cost, Resource
from mfn_server.limiting.limiter import LIMIT, REMAINING, Limiter, level_of, tell
from mfn_server.rpc.call import Call

LONGEST_WAIT_S = 5.0
"""How long a message of a stream waits for bytes before the stream is refused."""


class Spending:
    """Charges each request message of one call before the service sees it.

    One cost after the other, so that what is refused for one has used up those before it. A message that costs more
    than a bucket holds is charged all of it. A stream that sends bytes too fast is slowed down: nothing more is read of
    it until there is room, so that HTTP/2 holds the caller back.
    """

    def __init__(self, limiter: Limiter, call: Call, costs: Sequence[tuple[Resource, Cost]]) -> None:
        self._limiter, self._call, self._costs = limiter, call, costs
        self._seen_bytes = 0

    async def __call__(self, message: Message) -> None:
        """Take what the message costs; RATE_LIMITED where there is too little and waiting does not help."""
        size = self._call.received.bytes - self._seen_bytes
        self._seen_bytes = self._call.received.bytes
        for name, cost_of in self._costs:
            bucket, cost = self._limiter.limits.resources[name], cost_of(message, size)
            if cost > 0:
                await self._take(bucket, min(cost, bucket.rate.burst))

    async def _take(self, bucket: Bucket, cost: int) -> None:
        waits_until = monotonic() + LONGEST_WAIT_S
        keys, arguments = [bucket.key(self._call.principal)], [*bucket.arguments, cost]
        while (found := await self._limiter.take(self._call, keys, arguments)) is not None:
            level = level_of(bucket, found)
            if not found[0]:
                self._tell(level)
                return
            if not self._may_wait(bucket, level.retry_s, waits_until):
                self._limiter.refuse(self._call, bucket, cost, level)
            await asyncio.sleep(level.retry_s)

    def _may_wait(self, bucket: Bucket, retry_s: float, waits_until: float) -> bool:
        if not self._call.method.client_streaming or bucket.name != Resource.BYTES:
            return False
        remaining = self._call.time_remaining()
        return monotonic() + retry_s <= waits_until and (remaining is None or retry_s < remaining)

    def _tell(self, level: Level) -> None:
        """Of the first message, while the answer has not begun: the level that is lowest by its share."""
        if self._call.received.messages > 1:
            return
        told = dict(self._call.told)
        if LIMIT not in told or level.remaining / level.limit < int(told[REMAINING]) / int(told[LIMIT]):
            tell(self._call, level)


def spending(limiter: Limiter, call: Call) -> Spending | None:
    """What charges the messages of a call; None where they cost nothing."""
    costs = COSTS.get(call.method.path)
    return Spending(limiter, call, costs) if costs else None
