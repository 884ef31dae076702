"""Limits how much one caller, and all together, may ask for."""

from collections.abc import Awaitable

from mfn_server.errors import Fault
from mfn_server.limiting.limiter import Limiter
from mfn_server.limiting.spending import spending
from mfn_server.rpc.call import Call
from mfn_server.rpc.chain import Check, Interceptor, Proceed
from mfn_server.rpc.methods import HEALTH_SERVICE, Method

CHECK = f"/{HEALTH_SERVICE}/Check"


class RateLimit:
    """Refuses with RATE_LIMITED; every answer tells of the tightest limit, in x-ratelimit-limit and -remaining.

    Cheapest first: the count of open streams, the buckets of calls, then, once the first message has come, what it
    costs. Health checks of services that there are cannot be refused: an orchestrator would end a server that somebody
    at its own address floods, and the answer costs no more than the refusal would.
    """

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    def at(self, method: Method) -> Interceptor | None:
        """A unary call takes what it takes when it comes; all others are held on to."""
        apart = method.path == CHECK or method.client_streaming or method.server_streaming
        return self if apart else _Entering(self._limiter)

    async def __call__(self, proceed: Proceed, call: Call) -> None:
        """Let the call through within its limits."""
        method = call.method
        if method.path == CHECK:
            await self._checked(proceed, call)
        elif method.client_streaming or method.server_streaming:
            with self._limiter.streams.held(call):
                await self._limited(proceed, call)
        else:
            await self._limited(proceed, call)

    async def _checked(self, proceed: Proceed, call: Call) -> None:
        try:
            await proceed(call)
        except Fault:
            waiting = self._limiter.enter(call)
            if waiting is not None:
                await waiting
            raise
        await self._limiter.look(call)

    async def _limited(self, proceed: Proceed, call: Call) -> None:
        waiting = _entered(self._limiter, call)
        if waiting is not None:
            await waiting
        await proceed(call)


class _Entering(Check):
    """The limits of unary calls."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    def admit(self, call: Call) -> Awaitable[None] | None:
        """Take what the call takes, or refuse it."""
        return _entered(self._limiter, call)


def _entered(limiter: Limiter, call: Call) -> Awaitable[None] | None:
    waiting = limiter.enter(call)  # nothing is inspected before it has been awaited
    charging = spending(limiter, call)
    if charging is not None:
        call.inspectors.append(charging)
    return waiting
