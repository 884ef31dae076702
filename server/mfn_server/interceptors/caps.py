"""How long a call may take, whatever its caller's deadline."""

import asyncio
from time import monotonic

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault
from mfn_server.rpc.call import Call
from mfn_server.rpc.chain import Interceptor, Proceed
from mfn_server.rpc.methods import Method
from mfn_server.rpc.patience import Patience

MARGIN_S = 5.0
"""How much later a call is ended that did not look at its time itself: a slice, a checkpoint and an answer fit in."""


class Caps:
    """Ends unary calls after `max_unary_s` and streams after `max_stream_s` (None: never).

    Handlers see the moment as their deadline and end with what they have; one that does not look is cancelled
    `margin_s` later and ends with DEADLINE_TOO_SHORT.
    """

    def __init__(self, max_unary_s: float, max_stream_s: float | None, margin_s: float = MARGIN_S) -> None:
        self._unary = _Cap(max_unary_s, margin_s)
        self._stream = None if max_stream_s is None else _Cap(max_stream_s, margin_s)

    def at(self, method: Method) -> Interceptor | None:
        """The cap of this kind of method."""
        return self._stream if method.client_streaming or method.server_streaming else self._unary

    async def __call__(self, proceed: Proceed, call: Call) -> None:
        """Let the call through for so long."""
        cap = self.at(call.method)
        await (proceed(call) if cap is None else cap(proceed, call))


class _Cap:
    """A time that no call of a kind exceeds."""

    def __init__(self, cap_s: float, margin_s: float) -> None:
        self._cap_s, self._patience = cap_s, Patience(cap_s + margin_s)

    async def __call__(self, proceed: Proceed, call: Call) -> None:
        call.latest_end = monotonic() + self._cap_s
        task = self._patience.begin()  # every call has one of its own
        try:
            await proceed(call)
        except asyncio.CancelledError:
            if not self._patience.ended_it(task):  # somebody else cancelled it, too
                raise
            text = f"the call took {self._cap_s:g} s, the longest that this server allows; ask for less"
            raise Fault(reasons.ERROR_REASON_DEADLINE_TOO_SHORT, text) from None
        finally:
            self._patience.end(task)
