"""The overlay of docs/deployment.md and its pod for backups are what a cluster accepts."""

import re
import shutil
import subprocess
from pathlib import Path

import kubernetes_validate  # type: ignore[import-untyped]  # ships no annotations
import pytest
import yaml

from tests.deploy.deployment_page import page
from tests.deploy.deployment_page.session import HOST, Said, Session
from tests.deploy.k8s.checks.all_checks import CHECKS
from tests.deploy.k8s.manifests import Manifests
from tests.deploy.k8s.rendering import FOLDER, Rendered
from tests.deploy.k8s.schemas import NEWEST, OLDEST, of_kubernetes

LAB = "k8s/overlays/lab/kustomization.yaml"
FIRST = "../../components/gateway-api"
GATEWAYS = {"ingress-nginx": "Ingress", "ingress-traefik": "Ingress", "gateway-api": "GRPCRoute"}


@pytest.fixture(params=GATEWAYS)
def lab(request: pytest.FixtureRequest, kustomize: Path, tmp_path: Path) -> tuple[str, Manifests]:
    """A gateway, and the overlay with it."""
    shutil.copytree(FOLDER, tmp_path / "k8s")
    path = tmp_path / LAB
    path.parent.mkdir()
    path.write_text(page.file(LAB).replace(FIRST, f"../../components/{request.param}"), encoding="utf-8")
    ran = subprocess.run([kustomize, "build", path.parent], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return request.param, Manifests([each for each in yaml.safe_load_all(ran.stdout) if each])


def test_it_is_free_of_the_faults_that_our_checks_know(lab: tuple[str, Manifests]) -> None:
    gateway, found = lab
    assert found.of(GATEWAYS[gateway])
    assert {check.__name__: faults for check in CHECKS if (faults := list(check(found)))} == {}


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_kubernetes_accepts_it(lab: tuple[str, Manifests], version: str) -> None:
    assert {kubernetes_validate.validate(each, version, strict=True) for each in of_kubernetes(lab[1].objects)} == {
        version
    }


def test_the_public_name_is_everywhere_and_that_of_the_components_nowhere(lab: tuple[str, Manifests]) -> None:
    gateway, found = lab
    named = {each["kind"] for each in found.objects if HOST in str(each)}
    assert {"Certificate", GATEWAYS[gateway]} <= named
    assert [each["kind"] for each in found.objects if "mfn.example.com" in str(each)] == []


def test_what_it_changes_beside_that_is_changed(lab: tuple[str, Manifests]) -> None:
    (claim,) = lab[1].one("StatefulSet", "mfn-federation")["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["storageClassName"] == "fast-block"
    settings = lab[1].settings(lab[1].workloads[0])
    assert settings["MFN_TRUSTED_PROXIES"] == "10.42.0.0/16"
    assert settings["MFN_RATE_LIMIT_SIMULATE"] == "300/m burst 100"


def test_the_operator_applies_the_image_of_the_registry(applied: Manifests, rendered: Rendered) -> None:
    ours = {f"registry.example.com/{workload.container['image']}" for workload in rendered("prod").workloads}
    assert {workload.container["image"] for workload in applied.workloads} == ours


def test_an_upgrade_changes_the_image_alone(session: Session, applied: Manifests, finished: Said) -> None:
    assert finished.code == 0, finished.err
    expected = applied.copy()
    (_, upgraded) = re.findall(r"^export .*\bVERSION=(\S+)", page.text(), re.MULTILINE)
    for workload in expected.of("Deployment", "StatefulSet"):
        workload["spec"]["template"]["spec"]["containers"][0]["image"] = f"registry.example.com/mfn-grpc:{upgraded}"
    assert session.rendered().objects == expected.objects


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_the_pod_for_backups_is_admitted_and_mounts_what_the_statefulset_made(applied: Manifests, version: str) -> None:
    pod = yaml.safe_load(page.file("backup-pod.yaml"))
    assert kubernetes_validate.validate(pod, version, strict=True) == version
    federation = applied.workload("mfn-federation")
    (claim,) = federation.claims
    (volume,) = pod["spec"]["volumes"]
    assert volume["persistentVolumeClaim"]["claimName"] == f"{claim}-mfn-federation-0"
    (container,) = pod["spec"]["containers"]
    assert pod["spec"]["securityContext"] == federation.pod["securityContext"]
    ours, theirs = container["securityContext"], federation.container["securityContext"]
    assert ours.items() <= theirs.items()
    assert container["image"] == federation.container["image"]
