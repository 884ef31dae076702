"""grpc_health_probe, which nobody here wrote, tells what the server is ready for."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import find_tool
from tests.e2e.process import PATIENCE_S, ServerProcess

Probe = Callable[..., subprocess.CompletedProcess[str]]
UNHEALTHY = 4


@pytest.fixture(scope="module")
def probe(require_tool: Callable[[str, str], Path]) -> Probe:
    """`probe(target, service)`; the program goes by two names: `go install` writes the one with hyphens."""
    how = "go install github.com/grpc-ecosystem/grpc-health-probe@latest"
    program = find_tool("grpc-health-probe") or require_tool("grpc_health_probe", how)

    def run(target: str, service: str = "") -> subprocess.CompletedProcess[str]:
        command = [str(program), f"-addr={target}", f"-service={service}"]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    return run


@pytest.mark.parametrize("service", ["", "liveness", "mfn.v1.ElectrochemistryService", "mfn.v1.SimulationService"])
def test_what_serves_is_healthy_and_no_key_is_needed_to_ask(probe: Probe, keyed: ServerProcess, service: str) -> None:
    found = probe(keyed.target, service)
    assert found.returncode == 0, found.stderr
    assert "SERVING" in found.stdout + found.stderr


def test_what_is_not_offered_is_not_healthy(probe: Probe, keyed: ServerProcess) -> None:
    assert probe(keyed.target, "mfn.v1.FeatureService").returncode != 0


def test_a_server_that_leaves_is_unhealthy_but_alive(probe: Probe, serve: Callable[..., ServerProcess]) -> None:
    server = serve(drain_notice_s=600)
    statuses = server.watch()
    next(statuses)
    server.terminate()
    next(statuses)  # NOT_SERVING has been told
    assert probe(server.target).returncode == UNHEALTHY
    assert probe(server.target, "liveness").returncode == 0
