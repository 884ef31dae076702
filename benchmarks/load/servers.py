"""The server under load: one of our own on the loopback interface, or another by its address."""

import secrets
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.load.limits import LIMIT
from benchmarks.load.profiles import GREEDY, MODEST
from benchmarks.servers.chained_server import NoAudit, chained_server
from benchmarks.servers.server_process import free_port
from mfn_server.access.managing import create
from mfn_server.rpc.methods import Scope

ANYBODY = "load"
"""The principal of the mix."""
REACH_S = 5.0
"""How long a connection to a server that runs already may take."""


@dataclass(frozen=True)
class Target:
    """A server, with API keys by principal.

    ca_file: of the authorities that vouch for it, empty without TLS. pid and metrics_port: of our own alone.
    """

    address: str
    keys: Mapping[str, str]
    ca_file: str = ""
    pid: int | None = None
    metrics_port: int | None = None


@contextmanager
def own_server(limited: bool) -> Iterator[Target]:
    """As production runs it less TLS, while the context is entered; limited: with the rate limit that is to hold."""
    principals = (*GREEDY, MODEST) if limited else (ANYBODY,)
    with TemporaryDirectory(prefix="mfn-load-") as folder:
        pepper, port = secrets.token_hex(32), free_port()
        file = Path(folder) / "keys.json"
        keys = _keys(file, pepper, principals)
        settings: dict[str, object] = {"rate_limit_read": str(LIMIT)} if limited else {}
        with chained_server(api_keys_file=file, api_key_pepper=pepper, metrics_port=port, **settings) as ours:
            yield Target(ours.server.target, keys, pid=ours.server.pid, metrics_port=port)


def other_server(address: str, key_file: Path, ca_file: Path | None) -> Target:
    """Somebody else's; the first file holds one API key."""
    return Target(address, {ANYBODY: key_file.read_text(encoding="utf-8").strip()}, str(ca_file or ""))


def reachable(target: Target) -> bool:
    """Whether a connection can be opened, as the users will open theirs."""
    with _channel(target) as channel:
        try:
            grpc.channel_ready_future(channel).result(REACH_S)
        except grpc.FutureTimeoutError:
            return False
        return True


def _channel(target: Target) -> grpc.Channel:
    if not target.ca_file:
        return grpc.insecure_channel(target.address)
    return grpc.secure_channel(target.address, grpc.ssl_channel_credentials(Path(target.ca_file).read_bytes()))


def _keys(file: Path, pepper: str, principals: Sequence[str]) -> dict[str, str]:
    scopes = [str(scope) for scope in Scope]
    return {name: create(file, pepper.encode(), name, scopes, None, NoAudit()) for name in principals}


def handled(metrics_port: int, method: str) -> dict[str, int]:
    """How many calls of a method the server itself says it has ended, by status code."""
    with urllib.request.urlopen(f"http://127.0.0.1:{metrics_port}/", timeout=30) as answer:
        families = text_string_to_metric_families(answer.read().decode())
        return {
            sample.labels["grpc_code"]: int(sample.value)
            for family in families
            for sample in family.samples
            if sample.name == "grpc_server_handled_total" and sample.labels["grpc_method"] == method and sample.value
        }
