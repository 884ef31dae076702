"""What the probe says of a server that warms up, serves, leaves, has lost a service, or offers only some."""

from pathlib import Path

import pytest

from tests.deploy.probes.names import ELECTROCHEMISTRY, FEDERATION, Serve
from tests.e2e.health_probe import HEALTHY, REFUSED, UNHEALTHY, UNREACHED, Probe
from tests.e2e.process import until

pytestmark = pytest.mark.timeout(300)  # kernels are compiled from nothing
BOTH = "electrochemistry,federation"


def test_a_server_that_compiles_is_alive_and_not_ready_until_it_has_compiled(
    probe: Probe, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    server = serve(services=BOTH)
    assert probe(server.target, FEDERATION) == UNHEALTHY
    assert probe(server.target) == UNHEALTHY
    assert probe(server.target, "liveness") == HEALTHY
    assert probe.healthy(server.target, ELECTROCHEMISTRY)  # which needs no kernels
    assert probe.healthy(server.target, FEDERATION)
    assert probe.healthy(server.target)


def test_a_server_that_leaves_is_alive_and_takes_no_more_calls(probe: Probe, serve: Serve) -> None:
    server = serve(services="electrochemistry", drain_notice_s=600)
    assert probe.healthy(server.target)
    statuses = server.watch()
    next(statuses)
    server.terminate()
    next(statuses)  # NOT_SERVING has been told
    assert probe(server.target) == UNHEALTHY
    assert probe(server.target, ELECTROCHEMISTRY) == UNHEALTHY
    assert probe(server.target, "liveness") == HEALTHY


def test_one_service_that_is_down_takes_no_other_with_it_but_the_whole_server_is_not_ready(
    probe: Probe, serve: Serve, damaged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(damaged))
    server = serve(services=BOTH)
    assert probe.healthy(server.target, ELECTROCHEMISTRY)
    until(lambda: "aggregation kernels could not be compiled" in server.log, lambda: server.log)
    assert probe(server.target, FEDERATION) == UNHEALTHY
    assert probe(server.target) == UNHEALTHY
    assert probe(server.target, "liveness") == HEALTHY


def test_a_server_that_offers_some_services_is_ready_when_those_are_and_knows_no_others(
    probe: Probe, serve: Serve
) -> None:
    server = serve(services="electrochemistry")
    assert probe.healthy(server.target)
    assert probe(server.target, ELECTROCHEMISTRY) == HEALTHY
    assert probe(server.target, FEDERATION) == REFUSED


def test_where_nobody_listens_nothing_is_healthy(probe: Probe, serve: Serve) -> None:
    server = serve(services="electrochemistry")
    server.kill()
    assert probe(server.target, "liveness") == UNREACHED
