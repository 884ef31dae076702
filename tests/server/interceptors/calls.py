"""Calls as interceptors see them, without a server."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import cast

from mfn_server.rpc.call import Call, Context, Identity
from mfn_server.rpc.methods import Method, MethodClass, Scope

NERNST = Method("mfn.v1.ElectrochemistryService", "ComputeNernst", scopes=(Scope.READ,))
SIMULATE = Method("mfn.v1.SimulationService", "Simulate", server_streaming=True, method_class=MethodClass.SIMULATE)
UPLOAD = Method("mfn.v1.SimulationService", "UploadArray", client_streaming=True, method_class=MethodClass.SIMULATE)
AGGREGATE = Method(
    "mfn.v1.FederationService",
    "Aggregate",
    client_streaming=True,
    server_streaming=True,
    method_class=MethodClass.FEDERATE,
)
FEDERATE = Method(
    "mfn.v1.FederationService",
    "Federate",
    client_streaming=True,
    server_streaming=True,
    method_class=MethodClass.FEDERATE,
)
CHECK = Method("grpc.health.v1.Health", "Check", method_class=MethodClass.HEALTH, is_open=True)
WATCH = replace(CHECK, name="Watch", server_streaming=True)


class _Context:
    def __init__(self, metadata: Sequence[tuple[str, str]], remaining_s: float | None) -> None:
        self._metadata, self._remaining_s = metadata, remaining_s

    def invocation_metadata(self) -> Sequence[tuple[str, str]]:
        return self._metadata

    def time_remaining(self) -> float | None:
        return self._remaining_s


async def _none() -> AsyncIterator[bytes]:
    for raw in list[bytes]():
        yield raw


def call_of(
    method: Method = NERNST,
    principal: str = "alice",
    *,
    peer: str = "ipv4:192.0.2.1:4711",
    metadata: Sequence[tuple[str, str]] = (),
    remaining_s: float | None = None,
) -> Call:
    """A call that has just come."""
    context = cast("Context", _Context(metadata, remaining_s))
    identity = Identity(principal, frozenset(), "key-1")
    return Call(method, context, _none(), dict(reversed(metadata)), peer, identity=identity)


async def answered(call: Call) -> None:
    """A service that answers at once."""
