"""What docs/deployment.md names is there, and its figures are those of the manifests."""

import re
from pathlib import Path

import pytest

from mfn_client import Client, Tls
from mfn_server.config.settings import Settings
from mfn_server.federation.storage.schema import JOURNAL
from tests.deploy.deployment_page import page
from tests.deploy.deployment_page.session import Said, Session
from tests.deploy.k8s.manifests import Manifests
from tests.deploy.k8s.rendering import COMPONENTS, Rendered
from tests.deploy.k8s.schemas import NEWEST, OLDEST

HERE = re.compile(r"(?:k8s|tests|docs|image)/[\w./-]*")
NAMES = re.compile(r"(?:\*\.)?mfn-(?:simulation|federation)[\w.-]*\.mfn(?:\.svc[\w.]*)?(?![\w/])")
DNS = re.compile(r"DNS:([\w.*-]+)")


def test_every_file_and_folder_it_names_is_there(root: Path) -> None:
    named = {name for code in page.CODE.findall(page.prose()) for name in HERE.findall(code)}
    told = {block.file for block in page.blocks("yaml")}
    assert len(named) >= 5
    assert [name for name in sorted(named - told) if not (root / name).exists()] == []


def test_every_component_is_introduced() -> None:
    (paragraph,) = (each for each in page.prose().split("\n\n") if each.startswith("Components of `k8s/components`"))
    assert set(COMPONENTS) <= set(page.CODE.findall(paragraph))


def test_the_table_of_stores_has_the_names_that_the_components_ask_for(rendered: Rendered) -> None:
    told = {row[0].strip("`"): set(page.CODE.findall(row[1] + row[2])) for row in page.rows("Secrets", "component")}
    for name in ("vault", "aws-secrets"):
        found = rendered(f"prod with {name}")
        references = {
            value.partition(":")[2].partition("#")
            for workload in found.workloads
            for value in found.settings(workload).values()
            if value.startswith(("vault:", "aws:"))
        }
        assert references
        assert {place for place, _, _ in references} <= told[name]
        assert {field for _, _, field in references} <= told["vault"]
        assert {key for _, key, _ in found.secrets() if key and key != "keys.json"} <= told[name]
    external = {
        each["remoteRef"]["key"]
        for each_secret in rendered("prod with external-secrets").of("ExternalSecret")
        for each in each_secret["spec"]["data"]
    }
    assert external <= told["external-secrets"]


@pytest.mark.parametrize("link", sorted(set(page.LINK.findall(page.text()))))
def test_every_link_leads_somewhere(link: str) -> None:
    name, _, anchor = link.partition("#")
    target = (page.PAGE.parent / name) if name else page.PAGE
    assert target.is_file()
    assert not anchor or anchor in page.anchors(target)


def test_every_setting_it_names_exists() -> None:
    known = {f"MFN_{name.upper()}" for name in Settings.model_fields}
    of_callers = {"MFN_API_KEY"}
    assert set(re.findall(r"MFN_[A-Z_]+[A-Z]", page.text())) <= known | of_callers


def test_the_certificate_it_makes_has_the_names_that_cert_manager_gives(rendered: Rendered) -> None:
    certificate = rendered("prod with cert-manager").one("Certificate", "mfn-tls")
    joined = page.text().replace("\\\n", "")
    assert set(DNS.findall(joined)) == set(certificate["spec"]["dnsNames"])


def test_every_name_of_a_service_it_uses_is_in_the_certificate(rendered: Rendered) -> None:
    names = rendered("prod with cert-manager").one("Certificate", "mfn-tls")["spec"]["dnsNames"]
    used = set(NAMES.findall(page.prose()))
    assert used
    assert used <= set(names)


def test_the_client_inside_the_cluster_can_be_made(
    prepared: Said, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert prepared.code == 0, prepared.err
    monkeypatch.chdir(session.site)
    (code,) = (each for each in page.CODE.findall(page.prose()) if each.startswith("Client("))
    names = {"Client": Client, "Tls": Tls, "key": "mfn_0_" + "0" * 32}
    with eval(code, names) as client:  # the page's own example
        assert isinstance(client, Client)


def test_its_versions_and_sizes_are_those_of_the_manifests(rendered: Rendered) -> None:
    text = " ".join(page.text().split())
    assert f"Kubernetes {OLDEST} to {NEWEST}" in text
    assert f"{_pods(rendered('staging'))} simulation pods" in text
    assert f"{_pods(rendered('prod'))} simulation pods" in text
    storage = rendered("prod").one("StatefulSet", "mfn-federation")["spec"]["volumeClaimTemplates"][0]
    assert storage["spec"]["resources"]["requests"]["storage"].replace("Gi", " GiB") in text
    for workload in rendered("prod").workloads:
        assert f"Each pod has {workload.pod['terminationGracePeriodSeconds']} s" in text
    assert f"has a version, {JOURNAL.version} until now" in text


def _pods(found: Manifests) -> str:
    (scaler,) = found.of("HorizontalPodAutoscaler")
    return f"{scaler['spec']['minReplicas']} to {scaler['spec']['maxReplicas']}"
