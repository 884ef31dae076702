"""A server as production runs it, less TLS: every guard and every telemetry on, with limits that nobody reaches."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.servers.port_program import serving
from benchmarks.servers.server_process import ServerProcess, free_port
from mfn_server.access.managing import create
from mfn_server.rpc.methods import Scope

AMPLE = "6000/m burst 10000000"
"""Refills over seconds as production's limits do: a bucket that is full again at each call is made anew each time."""
CLASSES = ("health", "read", "simulate", "features", "validate", "federate", "admin", "global", "clients")
WORK = "600000000000000/m burst 600000000000000"


class NoAudit:
    """An audit for keys that live as long as a measurement."""

    def record(self, event: str, **fields: Any) -> None:
        """Nothing."""


@dataclass(frozen=True)
class Chained:
    """The running server, and a key with every scope."""

    server: ServerProcess
    key: str


@contextmanager
def chained_server(**settings: object) -> Iterator[Chained]:
    """Runs while the context is entered, with a collector of traces beside it; logs go to a file."""
    with TemporaryDirectory(prefix="mfn-chain-") as folder, serving("benchmarks.servers.trace_sink") as sink:
        keys, pepper = Path(folder) / "keys.json", secrets.token_hex(32)
        key = new_key(keys, pepper)
        chain: dict[str, object] = {
            "env": "prod",
            "transport_security": "mesh",
            "api_keys_file": keys,
            "api_key_pepper": pepper,
            "state_dir": Path(folder) / "state",
            "metrics_port": free_port(),
            "audit_file": Path(folder) / "audit.jsonl",
            "trace_exporter": "otlp",
            "trace_endpoint": f"http://{sink.target}",
            "trace_sample_ratio": 0.01,
            "drain_notice_s": 0,
            "rate_limit_cell_steps": WORK,
            "rate_limit_bytes": WORK,
            **{f"rate_limit_{name}": AMPLE for name in CLASSES},
        }
        with ServerProcess(**(chain | settings)) as server:
            yield Chained(server, key)


def new_key(keys: Path, pepper: str) -> str:
    """A key with every scope, in a new file."""
    return create(keys, pepper.encode(), "bench", [str(scope) for scope in Scope], None, NoAudit())
