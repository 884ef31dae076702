"""Validators that nobody here wrote accept every object of every rendering, and refuse what is wrong."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # ships no annotations
import pytest

from tests.conftest import required
from tests.deploy.k8s.manifests import Json, Manifests
from tests.deploy.k8s.rendering import VARIANTS, Rendered
from tests.deploy.k8s.schemas import MODULES, NEWEST, OLDEST, Unreachable, built_in, custom, of_kubernetes
from tests.programs import CI_TOOLS

Conform = Callable[[Manifests], Json]


@pytest.fixture(scope="session")
def everything(rendered: Rendered) -> Manifests:
    """Every object that differs in any rendering, once."""
    every = {json.dumps(each, sort_keys=True): each for variant in VARIANTS for each in rendered(variant).objects}
    return Manifests(list(every.values()))


@pytest.fixture(scope="session")
def schemas(
    require_tool: Callable[[str, str], Path], everything: Manifests, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with the schema of every kind that is rendered anywhere."""
    folder = tmp_path_factory.mktemp("schemas")
    go = require_tool("go", "https://go.dev/dl, 1.26 or newer")
    found = built_in(everything.objects, NEWEST)
    try:
        for module in MODULES:
            found |= custom(go, module)
    except Unreachable as error:
        sentence = f"the schemas of others are not here, and their Go modules cannot be had: {error}"
        pytest.fail(sentence) if required("go-modules") else pytest.skip(sentence)
    for name, schema in found.items():
        (folder / name).write_text(json.dumps(schema), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def conform(require_tool: Callable[[str, str], Path], schemas: Path) -> Conform:
    """What kubeconform says of manifests; it knows the schemas of the folder alone and asks no host."""
    program = require_tool("kubeconform", CI_TOOLS)
    location = f"{schemas}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"

    def run(found: Manifests) -> Json:
        command = [str(program), "-strict", "-summary", "-output=json", f"-schema-location={location}"]
        ran = subprocess.run(command, input=found.text, capture_output=True, text=True, check=False)
        said: Json = json.loads(ran.stdout)
        return said

    return run


def test_kubeconform_accepts_every_object(conform: Conform, everything: Manifests) -> None:
    said = conform(everything)
    assert said["resources"] == []
    assert said["summary"] == {"valid": len(everything.objects), "invalid": 0, "errors": 0, "skipped": 0}


WRONG: dict[str, tuple[str, str, str, Any]] = {
    "a field of Kubernetes": ("prod", "Deployment", "replica", 2),
    "a type of Kubernetes": ("prod", "PodDisruptionBudget", "selector", "mfn"),
    "a field of a monitor": ("prod", "ServiceMonitor", "endpoint", []),
    "a field of a route": ("prod with gateway-api", "GRPCRoute", "timeouts", {}),
    "a type of a certificate": ("prod with cert-manager", "Certificate", "dnsNames", "localhost"),
    "a field of an external secret": ("prod with external-secrets", "ExternalSecret", "secretStore", {}),
    "a field of a transport": ("prod with ingress-traefik", "ServersTransport", "insecureskipverify", True),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_kubeconform_finds_what_is_wrong(conform: Conform, rendered: Rendered, wrong: str) -> None:
    variant, kind, field, value = WRONG[wrong]
    found = rendered(variant)
    found.of(kind)[0]["spec"][field] = value
    assert [each["kind"] for each in conform(found)["resources"]] == [kind]


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_kubernetes_validate_accepts_every_object(everything: Manifests, version: str) -> None:
    assert {kubernetes_validate.validate(each, version, strict=True) for each in of_kubernetes(everything.objects)} == {
        version
    }


def test_kubernetes_validate_finds_what_is_wrong(rendered: Rendered) -> None:
    found = rendered("prod").of("Deployment")[0]
    found["spec"]["template"]["spec"]["containers"][0]["readinessprobe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="readinessprobe"):
        kubernetes_validate.validate(found, NEWEST, strict=True)
