"""The probes of the manifests, word for word, by the real program against a server with the pod's settings."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.request import urlopen

import pytest

from mfn_client._development_certificates import DevelopmentAuthority
from tests.deploy.k8s.local_pod import Pod
from tests.deploy.k8s.rendering import Rendered
from tests.e2e.health_probe import HEALTHY, UNHEALTHY, UNREACHED, Probe
from tests.e2e.operator.site import METRICS
from tests.e2e.process import PATIENCE_S, ServerProcess, until

UNTIL_KILLED = {"drain_notice_s": "600"}
"""A drain that lasts as long as the test."""


class Running:
    """A pod of a workload as a process of this machine."""

    def __init__(self, pod: Pod, program: Probe) -> None:
        self._pod, self._program = pod, program
        self.server = ServerProcess(**(pod.server_settings() | UNTIL_KILLED))

    def probe(self, kind: str) -> int:
        """The exit code of one of the probes, or of a program that does as much as the kubelet itself."""
        options = self._pod.probe(kind, self.server.port)
        return self._metrics() if options is None else self._program.run(*options).returncode

    def _metrics(self) -> int:
        try:
            with urlopen(METRICS.findall(self.server.log)[0], timeout=PATIENCE_S):
                return HEALTHY
        except OSError:
            return UNREACHED

    def wait(self, kind: str, code: int) -> bool:
        """True once the probe says so; fails when it never does."""
        until(lambda: self.probe(kind) == code, lambda: f"{kind} never ended with {code}:\n{self.server.log}")
        return True


Run = Callable[[str, str], Running]


@pytest.fixture
def run(rendered: Rendered, probe: Probe, tmp_path: Path) -> Iterator[Run]:
    """`run(variant, name)` is that workload of that rendering, running."""
    with ExitStack() as stack:

        def start(variant: str, name: str) -> Running:
            running = Running(Pod(rendered(variant), name, tmp_path), probe)
            stack.enter_context(closing(running.server))
            return running

        yield start


@pytest.mark.parametrize("variant", ["prod", "prod with mtls"])
@pytest.mark.parametrize("name", ["mfn-simulation", "mfn-federation"])
def test_a_pod_starts_serves_and_drains_without_being_killed(run: Run, variant: str, name: str) -> None:
    running = run(variant, name)
    assert running.wait("startupProbe", HEALTHY)
    assert running.wait("readinessProbe", HEALTHY)
    assert running.probe("livenessProbe") == HEALTHY
    running.server.terminate()
    assert running.wait("readinessProbe", UNHEALTHY)
    assert running.probe("livenessProbe") == HEALTHY


def test_a_certificate_that_callers_do_not_trust_takes_traffic_away_and_not_the_pod(run: Run, tmp_path: Path) -> None:
    running = run("prod", "mfn-federation")
    assert running.wait("readinessProbe", HEALTHY)
    authority = tmp_path / "run/secrets/mfn-tls/ca.crt"
    authority.chmod(0o640)
    authority.write_bytes(DevelopmentAuthority(days=1).certificate)
    assert running.probe("readinessProbe") == UNREACHED
    assert running.probe("livenessProbe") == HEALTHY
    assert running.probe("startupProbe") == HEALTHY


def test_a_certificate_of_the_probe_that_is_over_takes_traffic_away_and_not_the_pod(run: Run, tmp_path: Path) -> None:
    running = run("prod with mtls", "mfn-federation")
    assert running.wait("readinessProbe", HEALTHY)
    stranger = DevelopmentAuthority(days=1).client("probe")
    for name, content in (("tls.crt", stranger.certificate), ("tls.key", stranger.key)):
        file = tmp_path / "run/secrets/mfn-client-tls" / name
        file.chmod(0o640)
        file.write_bytes(content)
    assert running.probe("readinessProbe") == UNREACHED
    assert running.probe("livenessProbe") == HEALTHY
    assert running.probe("startupProbe") == HEALTHY
