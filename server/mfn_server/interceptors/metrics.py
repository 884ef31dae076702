"""Counts every call: when it begins, and how it ended."""

import asyncio
import sys
from time import perf_counter

import grpc

from mfn_server.rpc.call import Call
from mfn_server.rpc.chain import Interceptor, Observer, Proceed
from mfn_server.rpc.methods import Method
from mfn_server.telemetry.metrics.auth import AuthMetrics
from mfn_server.telemetry.metrics.rpcs import RpcMetrics, Tally


class CountCalls:
    """Observes: also what a guard refused is counted, with the outcome of its credential."""

    def __init__(self, rpcs: RpcMetrics, auth: AuthMetrics) -> None:
        self._rpcs, self._auth = rpcs, auth

    def at(self, method: Method) -> Interceptor:
        """What counts the calls of one method."""
        return _Counting(self._rpcs.of(method), self._auth)

    async def __call__(self, proceed: Proceed, call: Call) -> None:
        """Let the call through and count it."""
        await self.at(call.method)(proceed, call)


class _Counting(Observer):
    """Counts in one tally."""

    def __init__(self, tally: Tally, auth: AuthMetrics) -> None:
        self._tally, self._auth = tally, auth

    def begin(self, call: Call) -> None:
        """Count it among those that are open."""
        self._tally.begin(call)

    def end(self, call: Call) -> None:
        """Count it by how it ended."""
        code = _without_outcome() if call.outcome is None else call.outcome.code
        self._tally.end(call, code, perf_counter() - call.started)
        self._auth.add(call)


def _without_outcome() -> grpc.StatusCode:
    """Cancelled before anything further in has begun; else an observer there has failed: INTERNAL, the caller hears."""
    cancelled = isinstance(sys.exception(), asyncio.CancelledError)
    return grpc.StatusCode.CANCELLED if cancelled else grpc.StatusCode.INTERNAL
