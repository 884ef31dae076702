"""Counts every call: when it begins, and how it ended."""

import asyncio
import sys
from time import perf_counter

import grpc

from mfn_server.rpc.call import Call
from mfn_server.rpc.chain import Observer
from mfn_server.telemetry.metrics.auth import AuthMetrics
from mfn_server.telemetry.metrics.rpcs import RpcMetrics


class CountCalls(Observer):
    """Observes: also what a guard refused is counted, with the outcome of its credential."""

    def __init__(self, rpcs: RpcMetrics, auth: AuthMetrics) -> None:
        self._rpcs, self._auth = rpcs, auth

    def begin(self, call: Call) -> None:
        """Count it among those that are open."""
        self._rpcs.of(call.method).begin(call)

    def end(self, call: Call) -> None:
        """Count it by how it ended."""
        code = _without_outcome() if call.outcome is None else call.outcome.code
        self._rpcs.of(call.method).end(call, code, perf_counter() - call.started)
        self._auth.add(call)


def _without_outcome() -> grpc.StatusCode:
    """Cancelled before anything further in has begun; else an observer there has failed: INTERNAL, the caller hears."""
    cancelled = isinstance(sys.exception(), asyncio.CancelledError)
    return grpc.StatusCode.CANCELLED if cancelled else grpc.StatusCode.INTERNAL
