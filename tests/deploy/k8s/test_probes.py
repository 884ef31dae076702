"""The probes of the manifests, word for word, by the real program against a server with the pod's settings."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.conftest import find_tool
from tests.deploy.k8s.conftest import Rendered
from tests.deploy.k8s.pods import Pod
from tests.e2e.process import PATIENCE_S, ServerProcess

LOOK_EVERY_S = 0.1
HEALTHY, UNREACHED, UNHEALTHY = 0, 2, 4
NOT_HERE = {"MFN_HOST": "127.0.0.1", "MFN_PORT": "0", "MFN_METRICS_HOST": "127.0.0.1", "MFN_METRICS_PORT": "0"}
"""Addresses of this machine in place of the pod's."""
UNTIL_KILLED = {"MFN_DRAIN_NOTICE_S": "600"}
"""A drain that lasts as long as the test."""


class Running:
    """A pod of a workload as a process of this machine."""

    def __init__(self, pod: Pod, container: dict[str, object], services: list[str], program: Path) -> None:
        self._pod, self._container, self._program = pod, container, program
        told = {**pod.variables(), **NOT_HERE, **UNTIL_KILLED, "MFN_SERVICES": ",".join(services)}
        settings = {name.removeprefix("MFN_").lower(): value for name, value in told.items() if name[:4] == "MFN_"}
        self.server = ServerProcess(**settings)

    def probe(self, kind: str) -> int:
        """The exit code of one of the probes."""
        described = self._container[kind]
        assert isinstance(described, dict)
        _, *options = described["exec"]["command"]
        here = [self._pod.here(each).replace(":50051", f":{self.server.port}") for each in options]
        return subprocess.run([self._program, *here], capture_output=True, timeout=PATIENCE_S, check=False).returncode

    def wait(self, kind: str, code: int) -> bool:
        """Whether the probe says so before patience ends."""
        until = time.monotonic() + PATIENCE_S
        while (found := self.probe(kind)) != code and time.monotonic() < until:
            time.sleep(LOOK_EVERY_S)
        return found == code


@pytest.fixture
def run(
    rendered: Rendered, require_tool: Callable[[str, str], Path], tmp_path: Path
) -> Iterator[Callable[..., Running]]:
    """`run(variant, name)` is that workload of that rendering, running."""
    program = find_tool("grpc-health-probe") or require_tool("grpc_health_probe", "go install -C .ci/tools tool")
    with ExitStack() as stack:

        def start(variant: str, name: str) -> Running:
            found = rendered(variant)
            (workload,) = (each for each in found.workloads if each.name == name)
            running = Running(Pod(found, workload, tmp_path), workload.container, workload.services, program)
            stack.enter_context(closing(running.server))
            return running

        yield start


@pytest.mark.parametrize("variant", ["prod", "prod with mtls"])
@pytest.mark.parametrize("name", ["mfn-simulation", "mfn-federation"])
def test_a_pod_starts_serves_and_drains_without_being_killed(
    run: Callable[..., Running], variant: str, name: str
) -> None:
    running = run(variant, name)
    assert running.wait("startupProbe", HEALTHY), running.server.log
    assert running.probe("readinessProbe") == HEALTHY
    assert running.probe("livenessProbe") == HEALTHY
    running.server.terminate()
    assert running.wait("readinessProbe", UNHEALTHY)
    assert running.probe("livenessProbe") == HEALTHY


def test_a_certificate_that_callers_do_not_trust_takes_traffic_away_and_not_the_pod(
    run: Callable[..., Running], tmp_path: Path
) -> None:
    from mfn_client.cli import certs

    running = run("prod", "mfn-federation")
    assert running.wait("readinessProbe", HEALTHY), running.server.log
    authority = tmp_path / "run/secrets/mfn-tls/ca.crt"
    authority.chmod(0o640)
    authority.write_bytes(certs._made(("elsewhere",), (), 1)["ca.pem"])
    assert running.probe("readinessProbe") == UNREACHED
    assert running.probe("livenessProbe") == HEALTHY
    assert running.probe("startupProbe") == HEALTHY
