"""Figures as a run would have measured them."""

from typing import Any

from benchmarks.load.figures import UNARY, Outcome, RpcFigures, StageFigures


def rpc(name: str, ok: int, errors: dict[str, int] | None = None, **fields: Any) -> RpcFigures:
    """An RPC's calls."""
    said: dict[str, Any] = {
        "kind": UNARY,
        "p50_ms": 1.0,
        "p95_ms": 2.0,
        "p99_ms": 3.0,
        "per_s": 1.0,
        "mib_per_s": 0.0,
    } | fields
    return RpcFigures(rpc=name, ok=ok, errors=errors or {}, **said)


def stage(*rpcs: RpcFigures, name: str = "stage", users: int = 10, **fields: Any) -> StageFigures:
    """Ten seconds of them."""
    said: dict[str, Any] = {"began_s": 0.0, "seconds": 10.0, "client_cores": 0.2, "server_cores": 0.3} | fields
    return StageFigures(name=name, users=users, rpcs=rpcs, **said)


def outcome(*stages: StageFigures, **fields: Any) -> Outcome:
    """A run of these stages; the first one stands for the whole."""
    return Outcome(stages, stages[0], span_seconds=10.0, **fields)
