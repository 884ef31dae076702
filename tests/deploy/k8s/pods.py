"""What a rendered pod finds as it starts, made up on this machine: its variables and the files of its mounts."""

import json
import secrets
from functools import cache
from pathlib import Path

from mfn_client.cli import certs
from tests.deploy.k8s.externals import CONFIG_MAPS, SECRETS
from tests.deploy.k8s.manifests import Json, Manifests, Workload

MADE_UP = {
    "api-key-pepper": secrets.token_hex(32),
    "resume-token-key": secrets.token_hex(32),
    "federation-keys": f"k1:{secrets.token_hex(32)}",
    "redis-url": f"redis://:{secrets.token_hex(16)}@127.0.0.1:6379/0",
    "keys.json": json.dumps({"version": 1, "keys": []}),
}
HELD = ("/run/secrets/", "/var/lib/mfn", "/var/cache/mfn", "/etc/mfn-vault-ca")


class Pod:
    """One pod of a workload whose mounts are folders below `root`."""

    def __init__(self, found: Manifests, workload: Workload, root: Path) -> None:
        self._found, self._workload, self._root = found, workload, root
        self._contents = MADE_UP | _certificates()
        for mount in workload.container["volumeMounts"]:
            folder = Path(self.here(mount["mountPath"]))
            folder.mkdir(parents=True, exist_ok=True)
            for name in self._files(mount["name"]):
                content = self._contents[f"{mount['name']}/{name}" if mount["name"] == "client-tls" else name]
                (folder / name).write_text(content, encoding="utf-8")
                (folder / name).chmod(0o440)

    def here(self, text: str) -> str:
        """The text with the paths of mounts as they are on this machine."""
        for place in HELD:
            text = text.replace(place, f"{self._root}{place}")
        return text

    def variables(self) -> dict[str, str]:
        """All variables of the container, with the values that a cluster would give them."""
        found = self._found.settings(self._workload)
        for name, variable in self._workload.variables.items():
            if source := variable.get("valueFrom"):
                found[name] = self._given(source)
        expanded = {name: value.replace("$(POD_NAME)", found.get("POD_NAME", "")) for name, value in found.items()}
        return {name: self.here(value) for name, value in expanded.items()}

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
def _certificates() -> dict[str, str]:
    """An authority, its certificate for the names of both Services, and one for the probes as a client."""
    made = certs._made(("mfn-simulation.mfn.svc", "mfn-federation.mfn.svc"), ("probe",), 1)
    names = {
        "ca.crt": "ca.pem",
        "tls.crt": "server.pem",
        "tls.key": "server.key",
        "client-tls/ca.crt": "ca.pem",
        "client-tls/tls.crt": "client-probe.pem",
        "client-tls/tls.key": "client-probe.key",
    }
    return {name: made[made_name].decode() for name, made_name in names.items()}
