"""The dashboards as files: what Grafana's schema asks, and what a reader may expect of a panel."""

import re
import subprocess
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from mfn_server.telemetry.metrics.gauges import READ
from mfn_server.telemetry.metrics.metrics import COUNTED
from tests.deploy.monitoring.dashboards import PANELS, Panel, dashboard
from tests.deploy.monitoring.metrics import FOREIGN, metrics_in
from tests.deploy.monitoring.rules import DASHBOARDS, MONITORING, RECORDS
from tests.programs import CI_TOOLS

KNOWN = {each.name for each in (*COUNTED, *READ)} | FOREIGN | {record.name for record in RECORDS}
NOT_OF_INSTANCES = ("mfn:", "kubelet_")
"""Recorded for all instances, or measured by another program."""
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24


@pytest.fixture(params=DASHBOARDS, ids=lambda path: path.stem)
def stated(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dashboard(request.param)


def cells(panel: dict[str, Any]) -> set[tuple[int, int]]:
    place = panel["gridPos"]
    across, down = range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
    return {(x, y) for x in across for y in down}


def test_panels_have_a_place_and_a_number_of_their_own(stated: dict[str, Any]) -> None:
    panels = stated["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 10
    assert all(cells(one).isdisjoint(cells(other)) for one, other in combinations(panels, 2))
    assert all(0 <= x < WIDTH for panel in panels for x, _ in cells(panel))


def test_whoever_imports_chooses_the_source_the_namespace_the_job_and_the_instance(stated: dict[str, Any]) -> None:
    variables = stated["templating"]["list"]
    assert [each["name"] for each in variables] == ["datasource", "namespace", "job", "instance"]
    assert variables[0]["query"] == "prometheus"
    assert all(each["datasource"] == SOURCE and each["allValue"] == ".*" for each in variables[1:])
    assert "id" not in stated  # numbers of one Grafana mean nothing to another


def test_dashboards_are_told_apart() -> None:
    found = [dashboard(path) for path in DASHBOARDS]
    assert len({each["uid"] for each in found}) == len({each["title"] for each in found}) == len(DASHBOARDS) == 4
    assert [each["uid"] for each in found] == [path.stem for path in DASHBOARDS]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.title)
def test_a_panel_says_what_it_shows_and_in_which_unit(panel: Panel) -> None:
    assert panel.stated["title"]
    assert panel.stated["description"].endswith(".")
    assert panel.stated["fieldConfig"]["defaults"]["unit"]
    assert {panel.stated["datasource"]["uid"]} | {each["datasource"]["uid"] for each in panel.stated["targets"]} == {
        SOURCE["uid"]
    }
    references = [each["refId"] for each in panel.stated["targets"]]
    assert len(set(references)) == len(references) > 0
    assert all(each["legendFormat"] for each in panel.stated["targets"])


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.title)
def test_a_panel_is_about_metrics_that_exist_and_what_was_chosen(panel: Panel) -> None:
    for target in panel.stated["targets"]:
        named = metrics_in(target["expr"])
        assert named
        assert named <= KNOWN
        of_instances = [name for name in named if not name.startswith(NOT_OF_INSTANCES)]
        chosen = 'namespace=~"$namespace", job=~"$job", instance=~"$instance"'
        assert target["expr"].count(chosen) >= len(of_instances)
        assert "$namespace" in target["expr"]
        assert "$" not in re.sub(r"\$(namespace|job|instance|__rate_interval)\b", "", target["expr"])


def test_the_cluster_gets_every_rule_and_every_dashboard(require_tool: Callable[[str, str], Path]) -> None:
    kustomize = require_tool("kustomize", CI_TOOLS)
    built = subprocess.run([kustomize, "build", MONITORING], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    found = list(yaml.safe_load_all(built.stdout))
    kinds = [each["kind"] for each in found]
    assert kinds.count("PrometheusRule") == len(list((MONITORING / "rules").iterdir()))
    (boards,) = (each for each in found if each["kind"] == "ConfigMap")
    assert set(boards["data"]) == {path.name for path in DASHBOARDS}
    assert boards["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert {each["metadata"]["namespace"] for each in found} == {"mfn"}


def test_the_service_monitor_names_series_as_the_rules_do() -> None:
    monitor = yaml.safe_load((MONITORING / "servicemonitor.yaml").read_text(encoding="utf-8"))
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["port"] == "metrics"
    targets = {each["targetLabel"]: each for each in endpoint["relabelings"]}
    assert targets["job"]["replacement"] == "mfn"
    assert targets["component"]["sourceLabels"] == ["__meta_kubernetes_pod_label_app_kubernetes_io_component"]
