"""The port of the metrics: what it serves is what docs/metrics.md lists, and it is given back."""

import asyncio
import socket
import threading
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from mfn_server.telemetry.metrics.endpoint import Endpoint
from mfn_server.telemetry.metrics.gauges import READ
from mfn_server.telemetry.metrics.metrics import COUNTED
from mfn_server.telemetry.metrics.snapshot import Snapshot
from tests.contract.conftest import load_script
from tests.server.conftest import Start
from tests.server.telemetry.metrics.scraping import ours, page, scrape, undeclared


def test_docs_metrics_md_is_what_the_server_declares(root: Path) -> None:
    written: str = load_script(root / "docs" / "generate_metrics.py").page()
    assert (root / "docs" / "metrics.md").read_text() == written


async def test_everything_that_is_served_is_declared_and_everything_declared_is_served(start: Start) -> None:
    server = await start(metrics_port=0)
    families = {family.name: family for family in text_string_to_metric_families(await page(server))}
    declared = {each.name.removesuffix("_total"): each for each in (*COUNTED, *READ)}
    assert set(declared) == {
        name for name in families if name.startswith(("mfn_", "grpc_")) and not name.endswith("_created")
    }
    for name, each in declared.items():
        family = families[name]
        assert (family.type, family.documentation) == (each.kind, each.meaning)
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(each.label_names)


async def test_beside_what_is_declared_there_is_only_what_the_page_names(start: Start) -> None:
    samples = await scrape(await start(metrics_port=0))
    assert not undeclared(samples)
    others = {name for name, _ in samples} - {name for name, _ in ours(samples)}
    assert others
    assert all(name.startswith(("process_", "python_info", "python_gc_")) for name in others)


async def test_without_a_port_nothing_is_served(start: Start) -> None:
    assert (await start()).lifecycle.metrics_port is None


def test_a_closed_endpoint_leaves_neither_its_port_nor_its_thread_behind() -> None:
    endpoint = Endpoint("127.0.0.1", 0, CollectorRegistry())
    with pytest.raises(OSError, match="in use"):
        Endpoint("127.0.0.1", endpoint.port, CollectorRegistry())
    endpoint.close()
    assert "mfn-metrics" not in {thread.name for thread in threading.enumerate()}
    with socket.create_server(("127.0.0.1", endpoint.port)):
        pass


async def test_of_a_loop_that_is_stuck_the_last_values_are_served(monkeypatch: pytest.MonkeyPatch) -> None:
    values = iter((1, 2))
    snapshot = Snapshot(asyncio.get_running_loop(), lambda: next(values), 0)
    assert await asyncio.to_thread(snapshot.read) == 1
    monkeypatch.setattr("mfn_server.telemetry.metrics.snapshot.PATIENCE_S", 0.01)
    found: list[int] = []
    reader = threading.Thread(target=lambda: found.append(snapshot.read()))
    reader.start()
    reader.join()  # on the loop, which answers nobody meanwhile
    assert found == [1]
    assert snapshot.delay_s >= 0.01
