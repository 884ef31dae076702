"""docs/monitoring.md: the page is about the alerts, settings and metrics that there are, and its commands work."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.monitoring.rules import ALERTS, DASHBOARDS, MONITORING
from tests.programs import CI_TOOLS, package


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "monitoring.md").read_text(encoding="utf-8")


def test_the_runbook_is_about_the_alerts_that_there_are(page: str) -> None:
    assert sorted(re.findall(r"^### (.+)$", page, re.MULTILINE)) == sorted(rule.name for rule in ALERTS)


def test_every_link_within_the_page_leads_somewhere(page: str) -> None:
    headings = {each.lower().replace(" ", "-") for each in re.findall(r"^#+ (.+)$", page, re.MULTILINE)}
    links = set(re.findall(r"\]\(#([\w-]+)\)", page))
    assert links
    assert links <= headings


def test_the_settings_that_it_names_exist(page: str, root: Path) -> None:
    known = set(re.findall(r"MFN_[A-Z_]+\b", (root / "docs" / "configuration.md").read_text(encoding="utf-8")))
    named = set(re.findall(r"MFN_[A-Z_]+\b", page))
    assert len(named) > 5
    assert named <= known


def test_the_dashboards_of_its_table_are_those_in_the_folder(page: str) -> None:
    named = re.findall(r"^\| `([\w.-]+\.json)` \|", page, re.MULTILINE)
    assert sorted(named) == [path.name for path in DASHBOARDS]


def test_the_commands_for_prometheus_without_kubernetes_make_rules_that_it_takes(
    page: str, root: Path, tmp_path: Path, require_tool: Callable[[str, str], Path]
) -> None:
    require_tool("promtool", package("prometheus"))
    commands = next(each for each in re.findall(r"```console\n(.*?)```", page, re.DOTALL) if "promtool" in each)
    (tmp_path / "k8s").symlink_to(root / "k8s")
    ran = subprocess.run(["bash", "-euc", commands], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = sum(map(int, re.findall(r"SUCCESS: (\d+) rules found", ran.stdout)))
    assert found == sum(
        (MONITORING / "rules" / path.name).read_text().count("expr:") for path in (tmp_path / "rules").iterdir()
    )


def test_the_label_that_an_overlay_adds_is_on_every_manifest(
    page: str, root: Path, tmp_path: Path, require_tool: Callable[[str, str], Path]
) -> None:
    kustomize = require_tool("kustomize", CI_TOOLS)
    (label,) = re.findall(r"```yaml\n(labels:\n.*?)```", page, re.DOTALL)
    subprocess.run(["cp", "-r", root / "k8s", tmp_path], check=True)
    own = tmp_path / "k8s" / "overlays" / "own"
    own.mkdir()
    (own / "kustomization.yaml").write_text(f"resources: [../prod]\n{label}", encoding="utf-8")
    built = subprocess.run([kustomize, "build", own], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert (
        built.stdout.count("\n    release: prometheus\n") == len(re.findall(r"^kind: ", built.stdout, re.MULTILINE)) > 5
    )
