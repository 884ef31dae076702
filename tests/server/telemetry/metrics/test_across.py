"""Every gauge says what becomes of it where there are several workers."""

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from mfn_server.telemetry.metrics.across import RULES
from mfn_server.telemetry.metrics.declared import GaugeOf
from mfn_server.telemetry.metrics.gauges import READ
from mfn_server.telemetry.metrics.metrics import COUNTED


def test_there_is_a_rule_for_every_gauge_and_no_other() -> None:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    of_client = {family.name for family in registry.collect() if family.type == "gauge"}
    ours = {each.name for each in (*COUNTED, *READ) if isinstance(each, GaugeOf)}
    assert RULES.keys() == of_client | ours
