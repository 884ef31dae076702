"""A real server: `python -m mfn_server` as a process of its own, on a free loopback port, warm before it is used."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from types import TracebackType
from typing import IO

from benchmarks.servers.tethered import tethered
from mfn_client import Client, RpcError

START_S = 300.0
"""Long enough to compile every kernel where numba's cache is empty."""
STOP_S = 30.0
LOOK_EVERY_S = 0.1


class ServerProcess:
    """Runs while the context is entered; target: "127.0.0.1:port". Settings are by name, such as `compute_threads=1`.

    start_seconds: from the start of the process until it was SERVING. Ctrl-C does not reach it: its user ends it, and
    where the user is killed, so is the server.
    """

    def __init__(self, **settings: object) -> None:
        self._settings = {"env": "dev", "host": "127.0.0.1", "port": free_port(), **settings}
        self.target = f"{self._settings['host']}:{self._settings['port']}"
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed when the context ends
        self._process: subprocess.Popen[bytes] | None = None
        self.start_seconds = 0.0

    @property
    def pid(self) -> int:
        """Its process id."""
        if self._process is None:
            raise RuntimeError("the server has not been started")
        return self._process.pid

    def __enter__(self) -> "ServerProcess":
        command, began = tethered([sys.executable, "-m", "mfn_server"]), time.perf_counter()
        self._process = subprocess.Popen(
            command, env=self._environment(), stdout=self._log, stderr=self._log, start_new_session=True
        )
        try:
            self._wait_until_warm(self._process)
        except BaseException:
            self._stop()
            raise
        self.start_seconds = time.perf_counter() - began
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop()

    def _environment(self) -> dict[str, str]:
        """This process's own, with our settings alone and the packages that this process sees."""
        others = {name: value for name, value in os.environ.items() if not name.startswith("MFN_")}
        ours = {f"MFN_{name.upper()}": str(value) for name, value in self._settings.items()}
        return others | ours | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

    def _wait_until_warm(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_S
        with Client(self.target) as client:
            while time.monotonic() < deadline:
                if process.poll() is not None:
                    raise RuntimeError(f"the server ended with {process.returncode} while starting:\n{self._said()}")
                if _serves(client):
                    return
                time.sleep(LOOK_EVERY_S)
        raise TimeoutError(f"the server was not ready after {START_S:g} s:\n{self._said()}")

    def _said(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def _stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()


def _serves(client: Client) -> bool:
    try:
        return client.health(timeout=1.0) == "SERVING"
    except RpcError:
        return False


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
