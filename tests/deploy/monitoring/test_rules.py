"""The rules: Prometheus takes them, each alert fires when it should and only then, and its runbook exists."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mfn_server.telemetry.metrics.gauges import READ
from mfn_server.telemetry.metrics.metrics import COUNTED
from tests.deploy.monitoring.metrics import FOREIGN, metrics_in
from tests.deploy.monitoring.rules import ALERTS, RECORDS, RULES, Rule, rule_files
from tests.deploy.monitoring.unit_tests import FIRES, FOLDER, SILENT, cases_of, unit_test
from tests.programs import package
from tests.server.calling import METHODS

FILES = sorted({rule.file for rule in ALERTS})
ALERT_NAMES = [rule.name for rule in ALERTS]
SERVED = {each.name for each in (*COUNTED, *READ)}
Tool = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def promtool(require_tool: Tool) -> Path:
    return require_tool("promtool", package("prometheus"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("rules")
    rule_files(made)
    return made


def tried(promtool: Path, test: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "test.yaml"
    file.write_text(yaml.safe_dump(test), encoding="utf-8")
    return subprocess.run([promtool, "test", "rules", file], capture_output=True, text=True, check=False)


def test_prometheus_takes_every_rule(promtool: Path, tmp_path: Path) -> None:
    files = rule_files(tmp_path)
    checked = subprocess.run([promtool, "check", "rules", *files], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    found = re.findall(r"SUCCESS: (\d+) rules found", checked.stdout)
    assert sum(map(int, found)) == len(RULES)


@pytest.mark.parametrize("file", FILES)
def test_alerts_fire_when_they_should_and_only_then(file: str, promtool: Path, folder: Path, tmp_path: Path) -> None:
    ran = tried(promtool, unit_test(file, cases_of(file), folder), tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("file", FILES)
def test_every_alert_has_a_case_that_fires_and_one_that_does_not(file: str) -> None:
    cases = cases_of(file)
    assert set(cases) == {rule.name for rule in ALERTS if rule.file == file}
    assert all(set(case) == {FIRES, SILENT} for case in cases.values())
    assert all(case[SILENT]["series"] for case in cases.values())


def test_there_are_no_cases_for_rules_that_there_are_not() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.yaml")) == FILES


def test_a_case_that_expects_the_wrong_thing_fails(promtool: Path, folder: Path, tmp_path: Path) -> None:
    right = {"MfnDown": cases_of("server")["MfnDown"]}
    swapped = {"MfnDown": {FIRES: right["MfnDown"][FIRES], SILENT: right["MfnDown"][FIRES]}}
    assert tried(promtool, unit_test("server", right, folder), tmp_path).returncode == 0
    assert tried(promtool, unit_test("server", swapped, folder), tmp_path).returncode == 1


def test_nothing_fires_where_there_are_no_series_but_those_about_absence(
    promtool: Path, folder: Path, tmp_path: Path
) -> None:
    silent = [rule.name for rule in ALERTS if not rule.expression.startswith("absent(")]
    nothing = {
        "input_series": [{"series": "unrelated", "values": "1x300"}],
        "alert_rule_test": [{"eval_time": "4h", "alertname": name, "exp_alerts": []} for name in silent],
    }
    files = [str(file) for file in sorted(folder.iterdir())]
    ran = tried(promtool, {"rule_files": files, "evaluation_interval": "5m", "tests": [nothing]}, tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert set(ALERT_NAMES) - set(silent) == {"MfnAbsent", "MfnNoSimulation", "MfnNoFederation"}


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule.name)
def test_an_alert_says_how_bad_it_is_what_it_is_and_what_to_do(rule: Rule, root: Path) -> None:
    assert rule.stated["labels"] in ({"severity": "critical"}, {"severity": "warning"})
    assert set(rule.stated["annotations"]) == {"summary", "description", "runbook"}
    page, _, anchor = rule.stated["annotations"]["runbook"].partition("#")
    assert page == "docs/monitoring.md"
    assert anchor == rule.name.lower()
    headings = re.findall(r"^### (\w+)$", (root / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert headings.count(rule.name) == 1


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_is_about_metrics_that_exist(rule: Rule) -> None:
    named = metrics_in(rule.expression)
    assert named
    assert named <= SERVED | FOREIGN | {record.name for record in RECORDS}


def test_every_unary_method_has_one_objective_for_its_latency_but_those_that_last_as_long_as_they_are_asked_to() -> (
    None
):
    unary = {name: each for name, each in METHODS.items() if not (each.client_streaming or each.server_streaming)}
    latency = " ".join(rule.expression for rule in ALERTS if rule.file == "latency")
    methods = re.findall(r'grpc_method=~"([^"]+)"', latency)
    services = re.findall(r'grpc_service="([^"]+)"', latency)
    held_to = {
        name: sum(bool(re.fullmatch(each, name)) for each in methods)
        + services.count(method.containing_service.full_name)
        for name, method in unary.items()
    }
    assert {name for name, count in held_to.items() if count != 1} == {"Validate"}
