"""grpc_health_probe, which nobody here wrote, tells what the server is ready for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.health_probe import HEALTHY, REFUSED, UNHEALTHY, Probe
from tests.e2e.process import ServerProcess
from tests.programs import CI_TOOLS


@pytest.fixture(scope="module")
def probe(require_tool: Callable[[str, str], Path]) -> Probe:
    """`probe(target, service)`."""
    return Probe(require_tool("grpc_health_probe", CI_TOOLS))


@pytest.mark.parametrize("service", ["", "liveness", "mfn.v1.ElectrochemistryService", "mfn.v1.SimulationService"])
def test_what_serves_is_healthy_and_no_key_is_needed_to_ask(probe: Probe, keyed: ServerProcess, service: str) -> None:
    found = probe.run(f"-addr={keyed.target}", f"-service={service}")
    assert found.returncode == HEALTHY, found.stderr
    assert "SERVING" in found.stdout + found.stderr


def test_what_is_not_offered_is_not_healthy(probe: Probe, serve: Callable[..., ServerProcess]) -> None:
    server = serve(services="electrochemistry")
    assert probe(server.target, "mfn.v1.ElectrochemistryService") == HEALTHY
    assert probe(server.target, "mfn.v1.FeatureService") == REFUSED


def test_a_server_that_leaves_is_unhealthy_but_alive(probe: Probe, serve: Callable[..., ServerProcess]) -> None:
    server = serve(drain_notice_s=600)
    statuses = server.watch()
    next(statuses)
    server.terminate()
    next(statuses)  # NOT_SERVING has been told
    assert probe(server.target) == UNHEALTHY
    assert probe(server.target, "liveness") == HEALTHY
