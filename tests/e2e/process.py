"""A server as its operator runs it: a process of its own, told what to do by variables and signals."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2

from mfn_grpc.v1.simulation_pb2_grpc import SimulationServiceStub

PATIENCE_S = 90.0
"""After this long something hangs; far beyond what anything here takes."""
LISTENING = re.compile(r"listening on (\S+:\d+),")
Options = Sequence[tuple[str, Any]]
SERVING = health_pb2.HealthCheckResponse.SERVING


def environment(**settings: Any) -> dict[str, str]:
    """The variables of a process that imports what this one does and has these settings alone."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MFN_")}
    stated = {f"MFN_{name.upper()}": str(value) for name, value in settings.items()}
    return inherited | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)} | stated


def open_channel(target: str, ca: bytes | None = None, options: Options = ()) -> grpc.Channel:
    """A channel that trusts this authority alone; without one, unencrypted."""
    if ca is None:
        return grpc.insecure_channel(target, options)
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(ca), options)


def until(holds: Callable[[], bool], told: Callable[[], str]) -> None:
    """Wait for a condition; told: what there is to say when it never holds."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, told()
        time.sleep(0.05)


class ServerProcess:
    """`python -m mfn_server` with these settings, on a free port unless one is given; listening once made.

    authority: what a subclass trusts, PEM; None where nothing is encrypted.
    """

    authority: bytes | None = None

    def __init__(self, **settings: Any) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mfn_server"],
            env=environment(**({"env": "dev", "port": 0} | settings)),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: list[str] = []
        self._listening = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.target = self._told_target()
        self.port = int(self.target.rsplit(":", 1)[1])
        self.channel = open_channel(self.target, self.authority)
        self.simulation: Any = SimulationServiceStub(self.channel)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has written so far."""
        return "".join(self._lines)

    def check(self, service: str = "") -> int:
        """The status of a service."""
        method: Any = self.channel.unary_unary("/grpc.health.v1.Health/Check")
        raw = method(health_pb2.HealthCheckRequest(service=service).SerializeToString(), timeout=PATIENCE_S)
        return int(health_pb2.HealthCheckResponse.FromString(raw).status)

    def watch(self, service: str = "") -> Any:
        """Its statuses, one after another, as they change."""
        method: Any = self.channel.unary_stream("/grpc.health.v1.Health/Watch")
        request = health_pb2.HealthCheckRequest(service=service).SerializeToString()
        for raw in method(request, timeout=PATIENCE_S):
            yield int(health_pb2.HealthCheckResponse.FromString(raw).status)

    def wait_until_serving(self) -> "ServerProcess":
        """Itself, once the whole server is SERVING."""
        if all(status != SERVING for status in self.watch()):
            raise AssertionError(f"never SERVING:\n{self.log}")
        return self

    def anonymous_bytes(self) -> int:
        """Memory that holds no file's contents: RssAnon of /proc/PID/status."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        found = re.search(r"RssAnon:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024

    def terminate(self) -> None:
        """Ask it to drain."""
        self._process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """Its exit code, once it has ended by itself."""
        code = self._process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        return code

    def kill(self) -> None:
        """End it without a word, if it still runs."""
        self._process.kill()
        self._process.wait(PATIENCE_S)

    def close(self) -> None:
        """Leave nothing behind."""
        self.channel.close()
        self.kill()
        self._reader.join(PATIENCE_S)

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._lines.append(line)
            if LISTENING.search(line):
                self._listening.set()
        self._listening.set()

    def _told_target(self) -> str:
        self._listening.wait(PATIENCE_S)
        found = LISTENING.search(self.log)
        if found is None:
            self._process.kill()
            raise AssertionError(f"the server did not start:\n{self.log}")
        return found[1]
