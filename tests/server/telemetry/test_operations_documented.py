"""What docs/operations.md tells an operator to watch is what the server writes and serves."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mfn_server.telemetry.metrics.gauges import READ
from mfn_server.telemetry.metrics.metrics import COUNTED

SERVED = {each.name for each in (*COUNTED, *READ)}
OF_THE_CLIENT = {"process_start_time_seconds", "process_resident_memory_bytes"}
"""What the Prometheus client adds on its own."""
METRIC = re.compile(r"\b(?:mfn|grpc_server|process)_[a-z_]+\b")


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "operations.md").read_text(encoding="utf-8")


@pytest.fixture
def rules(page: str) -> str:
    found = re.search(r"```yaml\n(groups:.*?)```", page, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_alerts_are_rules_that_prometheus_takes(
    rules: str, tmp_path: Path, require_tool: Callable[[str, str], Path]
) -> None:
    file = tmp_path / "mfn.rules.yml"
    file.write_text(rules, encoding="utf-8")
    promtool = require_tool("promtool", "apt-get install prometheus")
    checked = subprocess.run([promtool, "check", "rules", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"SUCCESS: {rules.count('- alert:')} rules found" in checked.stdout


def test_the_alerts_are_about_metrics_that_exist(rules: str) -> None:
    named = set(METRIC.findall(rules))
    assert {name.removesuffix("_bucket") for name in named} <= SERVED | OF_THE_CLIENT
    assert len(named) > 10


def test_the_lines_worth_an_alert_are_lines_of_the_server(page: str, root: Path) -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (root / "server").rglob("*.py"))
    told = re.findall(r"^\| (?:ERROR|CRITICAL|WARNING) \| `([^`]+)` \|", page, re.MULTILINE)
    assert len(told) > 5
    assert [message for message in told if message not in sources] == []


def test_every_setting_that_the_operators_pages_name_exists(page: str, root: Path) -> None:
    known = set(re.findall(r"MFN_[A-Z_]+\b", (root / "docs" / "configuration.md").read_text(encoding="utf-8")))
    pages = page + "".join((root / name).read_text(encoding="utf-8") for name in ("docs/security.md", "SECURITY.md"))
    assert {name for name in re.findall(r"MFN_[A-Z_]+\b(?!\*)", pages) if not name.endswith("_")} <= known
