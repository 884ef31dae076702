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

    A message that costs more than a bucket holds is charged all of it. A stream that sends bytes too fast is slowed
    down: nothing more is read of it until there is room, so that HTTP/2 holds the caller back.
    """

    def __init__(self, limiter: Limiter, call: Call, costs: Sequence[tuple[Resource, Cost]]) -> None:
        self._limiter, self._call, self._costs = limiter, call, costs
        self._seen_bytes = 0

    async def __call__(self, message: Message) -> None:
        """Take what the message costs; RATE_LIMITED where there is too little and waiting does not help."""
        size = self._call.received.bytes - self._seen_bytes
        self._seen_bytes = self._call.received.bytes
        resources = self._limiter.limits.resources
        asked = [(resources[name], cost_of(message, size)) for name, cost_of in self._costs]
        asked = [(bucket, min(cost, bucket.rate.burst)) for bucket, cost in asked if cost > 0]
        if asked:
            await self._take(asked)

    async def _take(self, asked: Sequence[tuple[Bucket, int]]) -> None:
        principal, waits_until = self._call.principal, monotonic() + LONGEST_WAIT_S
        keys = [bucket.key(principal) for bucket, _ in asked]
        arguments = [number for bucket, cost in asked for number in (*bucket.arguments, cost)]
        while (found := await self._limiter.take(self._call, keys, arguments)) is not None:
            levels = [
                level_of(bucket, found[4 * i : 4 * i + 4]) for i, (bucket, _) in enumerate(asked[: len(found) // 4])
            ]
            if not found[-4]:
                self._tell(levels)
                return
            bucket, cost = asked[len(levels) - 1]
            if not self._may_wait(bucket, levels[-1].retry_s, waits_until):
                await self._refuse(bucket, cost, levels[-1])
            await asyncio.sleep(levels[-1].retry_s)

    def _may_wait(self, bucket: Bucket, retry_s: float, waits_until: float) -> bool:
        if not self._call.method.client_streaming or bucket.name != Resource.BYTES:
            return False
        remaining = self._call.time_remaining()
        return monotonic() + retry_s <= waits_until and (remaining is None or retry_s < remaining)

    async def _refuse(self, bucket: Bucket, cost: int, level: Level) -> None:
        if self._call.received.messages == 1:
            await self._limiter.give_back(self._call)
        self._limiter.refuse(self._call, bucket, cost, level)

    def _tell(self, levels: Sequence[Level]) -> None:
        """Of the first message, while the answer has not begun: the level that is lowest by its share."""
        if self._call.received.messages > 1:
            return
        told = dict(self._call.told)
        lowest = min(levels, key=_share)
        if LIMIT not in told or _share(lowest) < int(told[REMAINING]) / int(told[LIMIT]):
            tell(self._call, lowest)


def spending(limiter: Limiter, call: Call) -> Spending | None:
    """What charges the messages of a call; None where they cost nothing."""
    costs = COSTS.get(call.method.path)
    return Spending(limiter, call, costs) if costs else None


def _share(level: Level) -> float:
    return level.remaining / level.limit
