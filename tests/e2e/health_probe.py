"""grpc_health_probe, which nobody here wrote, and what its exit codes mean."""

import subprocess
from pathlib import Path

from tests.e2e.process import PATIENCE_S, until

HEALTHY, UNREACHED, REFUSED, UNHEALTHY = 0, 2, 3, 4
"""SERVING, no connection, an error in answer, any other status."""


class Probe:
    """Calls the program."""

    def __init__(self, program: Path) -> None:
        self._program = program

    def __call__(self, target: str, service: str = "", *options: str) -> int:
        """The exit code of asking for a service; nothing is sent but the question."""
        return self.run(f"-addr={target}", f"-service={service}", *options).returncode

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        """The program with these options."""
        command = [str(self._program), *options]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    def healthy(self, target: str, service: str = "", *options: str) -> bool:
        """True once the service is SERVING; fails when it never is."""
        until(lambda: self(target, service, *options) == HEALTHY, lambda: f"{service!r} never became SERVING")
        return True
