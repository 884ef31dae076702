"""Counts every call: when it begins, and how it ended."""

import asyncio
from time import perf_counter

import grpc

from mfn_server.rpc.call import Call
from mfn_server.rpc.chain import Proceed
from mfn_server.telemetry.metrics.auth import AuthMetrics
from mfn_server.telemetry.metrics.rpcs import RpcMetrics


class CountCalls:
    """Observes: also what a guard refused is counted, with the outcome of its credential."""

    def __init__(self, rpcs: RpcMetrics, auth: AuthMetrics) -> None:
        self._rpcs, self._auth = rpcs, auth

    async def __call__(self, proceed: Proceed, call: Call) -> None:
        """Let the call through, counted."""
        tally = self._rpcs.of(call.method)
        tally.begin(call)
        # Without an outcome an observer further in has failed, which the caller is told as INTERNAL.
        code = grpc.StatusCode.INTERNAL
        try:
            await proceed(call)
        except asyncio.CancelledError:
            code = grpc.StatusCode.CANCELLED  # perhaps before anything further in has begun
            raise
        finally:
            if call.outcome is not None:
                code = call.outcome.code
            tally.end(call, code, perf_counter() - call.started)
            self._auth.add(call)
