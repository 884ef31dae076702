"""docs/monitoring.md: the page is about the alerts, settings and metrics that there are, and its commands work."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.monitoring.manifests import ALERTS, DASHBOARDS, MONITORING


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
    assert re.findall(r"^\| `(mfn-\w+\.json)` \|", page, re.MULTILINE) == [
        f"mfn-{name}.json" for name in ("overview", "simulations", "federation", "access")
    ]
    assert len(DASHBOARDS) == 4


def test_the_commands_for_prometheus_without_kubernetes_make_rules_that_it_takes(
    page: str, root: Path, tmp_path: Path, require_tool: Callable[[str, str], Path]
) -> None:
    require_tool("promtool", "apt-get install prometheus")
    commands = next(each for each in re.findall(r"```console\n(.*?)```", page, re.DOTALL) if "promtool" in each)
    (tmp_path / "k8s").symlink_to(root / "k8s")
    ran = subprocess.run(["bash", "-euc", commands], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = sum(map(int, re.findall(r"SUCCESS: (\d+) rules found", ran.stdout)))
    assert found == sum(
        (MONITORING / "rules" / path.name).read_text().count("expr:") for path in (tmp_path / "rules").iterdir()
    )


def test_the_overlay_that_adds_a_label_puts_it_on_every_manifest(
    page: str, root: Path, tmp_path: Path, require_tool: Callable[[str, str], Path]
) -> None:
    kustomize = require_tool("kustomize", "go install -C .ci/tools tool")
    (overlay,) = re.findall(r"```yaml\n# kustomization.yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "k8s").mkdir()
    subprocess.run(["cp", "-r", root / "k8s" / "monitoring", tmp_path / "k8s"], check=True)
    (tmp_path / "kustomization.yaml").write_text(overlay, encoding="utf-8")
    built = subprocess.run([kustomize, "build", tmp_path], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert built.stdout.count("\n    release: prometheus\n") == built.stdout.count("\nkind: ") > 5
