"""Limits how much one caller, and all together, may ask for."""

from mfn_server.limiting.limiter import Limiter
from mfn_server.limiting.spending import spending
from mfn_server.rpc.call import Call
from mfn_server.rpc.chain import Proceed


class RateLimit:
    """Refuses with RATE_LIMITED; every answer tells of the tightest limit, in x-ratelimit-limit and -remaining.

    Cheapest first: the count of open streams, the buckets of calls, then, once the first message has come, what it
    costs.
    """

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    async def __call__(self, proceed: Proceed, call: Call) -> None:
        """Let the call through within its limits."""
        method = call.method
        if method.client_streaming or method.server_streaming:
            with self._limiter.streams.held(call):
                await self._limited(proceed, call)
        else:
            await self._limited(proceed, call)

    async def _limited(self, proceed: Proceed, call: Call) -> None:
        await self._limiter.enter(call)
        charging = spending(self._limiter, call)
        if charging is not None:
            call.inspectors.append(charging)
        await proceed(call)
