"""A server in production, with what its operator keeps for it in one folder."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.request import urlopen

import grpc
from grpc_health.v1 import health_pb2
from prometheus_client.parser import text_string_to_metric_families

from mfn_grpc.v1.electrochemistry_pb2_grpc import ElectrochemistryServiceStub
from tests.e2e.operator.commands import mfn
from tests.e2e.process import PATIENCE_S, SERVING, ServerProcess, until
from tests.server.calling import NERNST

METRICS = re.compile(r"metrics on (http://[^\s\"]+)")


class Site:
    """The folder: certificates, keys and their pepper, the audit, what the server stores."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.make_certificates()
        self.pepper = folder / "pepper"
        self.pepper.write_text(f"{token_hex(32)}\n", encoding="ascii")
        self.first_key = self.create_key("first", "read")
        self.asking_key = self.create_key("asking", "read")
        """Of a principal whose calls only make the server look at its files; the limits of others are theirs."""

    @property
    def settings(self) -> dict[str, Any]:
        """What the server is started with."""
        return {
            "env": "prod",
            "tls_cert_file": self.folder / "certs" / "server.pem",
            "tls_key_file": self.folder / "certs" / "server.key",
            "api_keys_file": self.folder / "keys.json",
            "api_key_pepper": f"@{self.folder / 'pepper'}",
            "audit_file": self.folder / "audit.log",
            "state_dir": self.folder / "state",
            "drain_notice_s": 0,
        }

    def make_certificates(self) -> None:
        """Those of a new authority, in the place of the old ones."""
        mfn("certs", "dev", "--force", "--out", str(self.folder / "certs"))

    def create_key(self, principal: str, scopes: str) -> str:
        """A new key."""
        return mfn("keys", "create", "--principal", principal, "--scopes", scopes, variables=self._variables())

    def revoke(self, key: str) -> None:
        """Take a key back."""
        mfn("keys", "revoke", key.split("_")[1], variables=self._variables())

    def audit(self) -> list[dict[str, Any]]:
        """Its lines, by the commands and the server."""
        lines = (self.folder / "audit.log").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def channel(self, target: str) -> grpc.Channel:
        """A connection of its own that trusts the authority of now."""
        trusted = grpc.ssl_channel_credentials((self.folder / "certs" / "ca.pem").read_bytes())
        return grpc.secure_channel(target, trusted, options=[("grpc.use_local_subchannel_pool", 1)])

    def _variables(self) -> dict[str, str]:
        named = ("api_keys_file", "api_key_pepper", "audit_file")
        return {f"MFN_{name.upper()}": str(self.settings[name]) for name in named}


class Production(ServerProcess):
    """The server of a site; listening, and serving what needs no compiled code."""

    def __init__(self, site: Site, **settings: Any) -> None:
        super().__init__(**(site.settings | {"metrics_port": 0} | settings))
        self.channel.close()
        self.site, self.channel = site, site.channel(self.target)
        self.until(lambda: check(self.channel) == SERVING)

    def nernst(self, key: str | None = None) -> grpc.Call:
        """A call that needs the scope `read`, when it has ended."""
        metadata = () if key is None else (("x-api-key", key),)
        call = ElectrochemistryServiceStub(self.channel).ComputeNernst.future(
            NERNST, metadata=metadata, timeout=PATIENCE_S
        )
        call.exception()
        return call

    def metric(self, name: str, **labels: str) -> float:
        """The value of a sample, scraped as Prometheus does."""
        (page,) = METRICS.findall(self.log)
        with urlopen(page, timeout=PATIENCE_S) as answer:
            families = list(text_string_to_metric_families(answer.read().decode()))
        (found,) = (
            sample.value
            for family in families
            for sample in family.samples
            if sample.name == name and sample.labels == labels
        )
        return float(found)

    def notices(self, change: Callable[[], Any]) -> Any:
        """Change the keys; what that gives, once the server, which looks when it is called, has seen it."""
        reloads = {"file": "api_keys_file", "outcome": "succeeded"}
        before = self.metric("mfn_reloads_total", **reloads)
        found = change()

        def seen() -> bool:
            self.nernst(self.site.asking_key)
            return self.metric("mfn_reloads_total", **reloads) > before

        self.until(seen)
        return found

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for a condition."""
        until(holds, lambda: self.log)


def check(channel: grpc.Channel) -> int:
    """What the server says of a service that needs no compiled code."""
    method: Any = channel.unary_unary("/grpc.health.v1.Health/Check")
    request = health_pb2.HealthCheckRequest(service="mfn.v1.ElectrochemistryService")
    return int(
        health_pb2.HealthCheckResponse.FromString(method(request.SerializeToString(), timeout=PATIENCE_S)).status
    )
