"""The schemas of objects: Kubernetes' own as kubernetes-validate carries them, others' from their Go modules."""

import json
import subprocess
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.k8s.manifests import Json

OLDEST, NEWEST = "1.30", "1.37"
"""The versions of Kubernetes that the manifests are for: native gRPC probes, sleep before the end, and no alpha."""
OTHERS = {"cert-manager.io", "external-secrets.io", "gateway.networking.k8s.io", "monitoring.coreos.com", "traefik.io"}
"""Groups of objects that Kubernetes itself does not know."""
DEFINITIONS = "/api/_definitions.json#"

MODULES = {
    "sigs.k8s.io/gateway-api@v1.4.1": (
        "h1:NPxFutNkKNa8UfLd2CMlEuhIPMQgDQ6DXNKG9sHbJU8=",
        "config/crd/standard/gateway.networking.k8s.io_{gateways,grpcroutes,backendtlspolicies}.yaml",
    ),
    "github.com/cert-manager/cert-manager@v1.21.2": (
        "h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=",
        "deploy/crds/cert-manager.io_{certificates,issuers}.yaml",
    ),
    "github.com/prometheus-operator/prometheus-operator@v0.85.0": (
        "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
        "example/prometheus-operator-crd/monitoring.coreos.com_{servicemonitors,prometheusrules}.yaml",
    ),
    "github.com/external-secrets/external-secrets@v1.3.2": (
        "h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=",
        "config/crds/bases/external-secrets.io_{externalsecrets}.yaml",
    ),
    "github.com/traefik/traefik/v3@v3.7.13": (
        "h1:T8wy9KuaFzCkmXCqAzDy7t73pBDR1DHrJe3pqXpNXTw=",
        "docs/content/reference/dynamic-configuration/traefik.io_{serverstransports}.yaml",
    ),
}
"""Modules, what their content sums up to, and the definitions that are taken from them."""


def of_kubernetes(objects: Iterable[Json]) -> list[Json]:
    """Those whose schemas are Kubernetes' own."""
    return [each for each in objects if each["apiVersion"].partition("/")[0] not in OTHERS]


def built_in(objects: Iterable[Json], version: str) -> dict[str, Json]:
    """The strict schemas of these objects by file name, each whole in itself; what Kubernetes does not know is left."""
    folder = files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}.0-local-strict"
    definitions = _whole(folder.joinpath("_definitions.json").read_text(encoding="utf-8"))["$defs"]
    found: dict[str, Json] = {}
    for name in {file_name(each["kind"], each["apiVersion"]) for each in objects}:
        path = folder.joinpath(name)
        if path.is_file():
            found[name] = _whole(path.read_text(encoding="utf-8")) | {"$defs": definitions}
    return found


def _whole(text: str) -> Json:
    schema: Json = json.loads(text.replace(DEFINITIONS, "#"))
    return {key: value for key, value in schema.items() if key != "$id"}


class Unreachable(Exception):
    """The module is not on this machine, and nobody who has it answers."""


def custom(go: Path, module: str) -> dict[str, Json]:
    """The schemas that a module defines, by file name, closed to fields that they do not name; raises Unreachable."""
    total, pattern = MODULES[module]
    ran = subprocess.run([go, "mod", "download", "-json", module], capture_output=True, text=True, check=False)
    told = json.loads(ran.stdout or "{}")
    if "Error" in told or not told:
        raise Unreachable(f"{module}: {told.get('Error', ran.stderr)}")
    assert told["Sum"] == total, f"{module} is not what it was: {told}"
    before, _, rest = pattern.partition("{")
    names, _, after = rest.partition("}")
    found: dict[str, Json] = {}
    for name in names.split(","):
        text = (Path(told["Dir"]) / f"{before}{name}{after}").read_text(encoding="utf-8")
        found |= _versions(yaml.safe_load(text))
    return found


def _versions(definition: Json) -> dict[str, Json]:
    spec = definition["spec"]
    return {
        file_name(spec["names"]["kind"], f"{spec['group']}/{version['name']}"): _closed(
            version["schema"]["openAPIV3Schema"], top=True
        )
        for version in spec["versions"]
        if version["served"]
    }


def _closed(schema: Any, *, top: bool = False) -> Any:
    """The schema without room for fields that nobody named; metadata is Kubernetes' own."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {
        key: {name: _closed(each) for name, each in value.items()} if key == "properties" else _closed(value)
        for key, value in schema.items()
    }
    if "properties" in schema and schema.get("type") == "object" and "additionalProperties" not in schema:
        closed["additionalProperties"] = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    if top:
        closed["properties"]["metadata"] = {"type": "object"}
    return closed


def file_name(kind: str, api_version: str) -> str:
    """KIND-GROUP-VERSION.json, where the group is its first word, as kubeconform looks for it."""
    group, _, version = api_version.rpartition("/")
    return "-".join(filter(None, (kind.lower(), group.partition(".")[0], version))) + ".json"
