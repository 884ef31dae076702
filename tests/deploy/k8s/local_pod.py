"""What a rendered pod finds as it starts, made up on this machine: its variables and the files of its mounts."""

import json
import secrets
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from mfn_client._development_certificates import DevelopmentAuthority
from tests.deploy.k8s.externals import CONFIG_MAPS, SECRETS
from tests.deploy.k8s.manifests import Json, Manifests

HELD = ("/run/secrets/", "/var/lib/mfn", "/var/cache/mfn", "/etc/mfn-vault-ca")
LOCAL = {"MFN_HOST": "127.0.0.1", "MFN_PORT": "0", "MFN_METRICS_HOST": "127.0.0.1", "MFN_METRICS_PORT": "0"}
"""Addresses of this machine in place of the pod's."""
NAMES = ("mfn-simulation.mfn.svc", "mfn-federation.mfn.svc")


class Pod:
    """One pod of the workload `name` whose mounts are folders below `root`.

    contents: what secrets and ConfigMaps hold, by key, after `client-tls/` where a volume of that name has it; made up
    where it is not given.
    """

    def __init__(self, found: Manifests, name: str, root: Path, contents: Mapping[str, str] | None = None) -> None:
        self._found, self._workload, self._root = found, found.workload(name), root
        self._contents = made_up() if contents is None else contents
        for mount in self._workload.container["volumeMounts"]:
            folder = Path(self.here(mount["mountPath"]))
            folder.mkdir(parents=True, exist_ok=True)
            for file in self._files(mount["name"]):
                content = self._contents[f"{mount['name']}/{file}" if mount["name"] == "client-tls" else file]
                (folder / file).write_text(content, encoding="utf-8")
                (folder / file).chmod(0o440)

    def here(self, text: str) -> str:
        """The text with the paths of mounts as they are on this machine."""
        for place in HELD:
            text = text.replace(place, f"{self._root}{place}")
        return text

    def variables(self) -> dict[str, str]:
        """All variables of the container, with the values that a cluster would give them, and its --services."""
        found = self._found.settings(self._workload) | {"MFN_SERVICES": ",".join(self._workload.services)}
        for name, variable in self._workload.variables.items():
            if source := variable.get("valueFrom"):
                found[name] = self._given(source)
        expanded = {name: value.replace("$(POD_NAME)", found.get("POD_NAME", "")) for name, value in found.items()}
        return {name: self.here(value) for name, value in expanded.items()}

    def server_settings(self) -> dict[str, str]:
        """The settings by their names in Python, for a server of this machine."""
        told = self.variables() | LOCAL
        return {name.removeprefix("MFN_").lower(): value for name, value in told.items() if name.startswith("MFN_")}

    def probe(self, kind: str, port: int) -> list[str] | None:
        """The options of one of the probes, for a server on this port; None where it asks for the metrics."""
        described = self._workload.container[kind]
        if "httpGet" in described:
            return None
        _, *options = described["exec"]["command"]
        return [self.here(each).replace(":50051", f":{port}") for each in options]

    def _given(self, source: Json) -> str:
        if "secretKeyRef" in source:
            return self._contents[source["secretKeyRef"]["key"]]
        if "resourceFieldRef" in source:
            return str(self._workload.container["resources"]["limits"]["cpu"])
        return f"{self._workload.name}-0"

    def _files(self, volume_name: str) -> list[str]:
        (volume,) = [each for each in self._workload.pod["volumes"] if each["name"] == volume_name] or [{}]
        sources = [each["secret"] for each in volume.get("projected", {}).get("sources", [])]
        sources += [volume["secret"]] if "secret" in volume else []
        held: list[str] = []
        for source in sources:
            everything = sorted(SECRETS[source.get("secretName") or source["name"]])
            held += [item["path"] for item in source["items"]] if "items" in source else everything
        return held + sorted(CONFIG_MAPS[volume["configMap"]["name"]] if "configMap" in volume else [])


@cache
def made_up() -> Mapping[str, str]:
    """Secrets, an authority, its certificate for the names of both Services, and one for the probes as a client."""
    authority = DevelopmentAuthority(days=1)
    server, client = authority.server(NAMES), authority.client("probe")
    certificates = {
        "ca.crt": authority.certificate,
        "tls.crt": server.certificate,
        "tls.key": server.key,
        "client-tls/ca.crt": authority.certificate,
        "client-tls/tls.crt": client.certificate,
        "client-tls/tls.key": client.key,
    }
    return {
        "api-key-pepper": secrets.token_hex(32),
        "resume-token-key": secrets.token_hex(32),
        "federation-keys": f"k1:{secrets.token_hex(32)}",
        "redis-url": f"redis://:{secrets.token_hex(16)}@127.0.0.1:6379/0",
        "keys.json": json.dumps({"version": 1, "keys": []}),
        **{name: content.decode() for name, content in certificates.items()},
    }
