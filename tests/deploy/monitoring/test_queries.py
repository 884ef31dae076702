"""Every query of the dashboards and rules, run by a real Prometheus that scrapes a server with traffic."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.deploy.monitoring import traffic
from tests.deploy.monitoring.dashboards import PANELS, Panel, dashboard, substituted
from tests.deploy.monitoring.prometheus import Prometheus, scraping
from tests.deploy.monitoring.rules import DASHBOARDS, RECORDS, RULES, Rule
from tests.e2e.operator.site import METRICS, Production, Site
from tests.programs import package

pytestmark = pytest.mark.timeout(300)  # the first test waits for a server, its kernels and all the traffic
EMPTY = {
    "mfn-federation: Room on the volume": "the kubelet measures it, and here is none",
}
"""Panels that may show nothing here, and why."""
PENDING = {
    "MfnNoFederation": "the server's series have the label of the other component",
    **dict.fromkeys(
        ("MfnQuickCallsSlow", "MfnComputeCallsSlow", "MfnFederationCallsSlow", "MfnWorkersBusy", "MfnEventLoopBusy"),
        "depends on how busy this machine is",
    ),
}
"""Alerts that may be on their way here, none of which fires, and why."""


@pytest.fixture(scope="module")
def prometheus(
    tmp_path_factory: pytest.TempPathFactory, require_tool: Callable[[str, str], Path]
) -> Iterator[Prometheus]:
    program = require_tool("prometheus", package("prometheus"))
    site = Site(tmp_path_factory.mktemp("site"))
    limited = {"rate_limit_features": f"1/h burst {traffic.FEATURES_ALLOWED}"}
    with ExitStack() as stack:
        server = stack.enter_context(closing(Production(site, **limited)))
        target = urlsplit(METRICS.findall(server.log)[0]).netloc
        found = stack.enter_context(scraping(program, target, tmp_path_factory.mktemp("prometheus")))
        key = server.notices(lambda: site.create_key("lab", traffic.SCOPES))
        client = stack.enter_context(traffic.client_of(server, key))
        traffic.simulate(client)
        found.await_scrapes(1)
        traffic.simulate(client)  # the first of a label begins its series, whose rate shows from the second on
        traffic.call_the_rest(client)
        traffic.be_refused(server)
        stack.enter_context(traffic.federating(server, key, client))
        found.await_scrapes(3)
        yield found


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.title)
def test_a_panel_shows_something(panel: Panel, prometheus: Prometheus) -> None:
    shown = [prometheus.numbers(query) for query in panel.queries]
    assert (panel.title in EMPTY) == ([] in shown), (panel.queries, shown)


def test_panels_that_may_be_empty_exist() -> None:
    assert set(EMPTY) <= {panel.title for panel in PANELS}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_can_be_evaluated(rule: Rule, prometheus: Prometheus) -> None:
    assert prometheus.ask("query", query=rule.expression)["resultType"] == "vector"


@pytest.mark.parametrize("rule", RECORDS, ids=lambda rule: rule.name)
def test_what_is_recorded_can_be_read(rule: Rule, prometheus: Prometheus) -> None:
    prometheus.until(lambda: prometheus.numbers(rule.name) != [])
    assert prometheus.ask("query", query=rule.name)["result"][0]["metric"]["component"] == "simulation"


def test_no_rule_fails_and_no_alert_is_on_its_way_at_a_server_that_is_well(prometheus: Prometheus) -> None:
    rules = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
    assert len(rules) == len(RULES)
    assert {rule["health"] for rule in rules} == {"ok"}
    states = {rule["name"]: rule["state"] for rule in rules if rule["type"] == "alerting"}
    assert {name: state for name, state in states.items() if state != "inactive" and name not in PENDING} == {}
    assert {states[name] for name in PENDING} <= {"inactive", "pending"}


def test_grafana_finds_values_for_its_variables(prometheus: Prometheus) -> None:
    for path in DASHBOARDS:
        for variable in dashboard(path)["templating"]["list"][1:]:
            asked = re.fullmatch(r"label_values\((.+), (\w+)\)", substituted(variable["query"]["query"]))
            assert asked is not None
            found = prometheus.ask("query", query=f"group by ({asked[2]}) ({asked[1]})")["result"]
            assert [series["metric"][asked[2]] for series in found] != []
