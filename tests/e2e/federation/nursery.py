"""Servers that start in a tenth of a second, so that they can be killed by the hundred."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.process import LISTENING, PATIENCE_S, environment

LOOK_EVERY_S = 0.01


def free_port() -> int:
    """A port that nobody listens on; a server that is started anew keeps it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ForkedServer:
    """One server; may die before it listens. status: as `waitpid` told it, None while it runs."""

    def __init__(self, nursery: "Nursery", pid: int, port: int, log: Path) -> None:
        self._nursery, self.pid, self.port, self._log = nursery, pid, port, log
        self._descriptor = os.pidfd_open(pid)
        self.target = f"127.0.0.1:{port}"
        self.status: int | None = None

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""

    def dead(self, within_s: float = 0) -> bool:
        """Whether it has ended, or does so in time."""
        if self.status is None and select.select([self._descriptor], [], [], within_s)[0]:
            os.close(self._descriptor)
            self.status = self._nursery.ask({"ended": self.pid})["status"]
        return self.status is not None

    def listening(self) -> bool:
        """True once it listens, False when it has died before."""
        until = time.monotonic() + PATIENCE_S
        while not LISTENING.search(self.log):
            if self.dead(LOOK_EVERY_S):
                return False
            assert time.monotonic() < until, self.log
        return True

    def kill(self) -> None:
        """SIGKILL, if it still runs; over once this returns."""
        if not self.dead():
            os.kill(self.pid, signal.SIGKILL)
            assert self.dead(PATIENCE_S)

    @property
    def was_killed(self) -> bool:
        """Whether SIGKILL ended it, and nothing else."""
        return self.dead() and os.WIFSIGNALED(self.status or 0) and os.WTERMSIG(self.status or 0) == signal.SIGKILL


class Nursery:
    """Starts servers; none outlives it."""

    def __init__(self, program: "subprocess.Popen[str]", folder: Path) -> None:
        self._program, self._folder = program, folder
        self._asking = threading.Lock()
        self._started = 0

    def start(self, *, crash_at: str = "", **settings: Any) -> ForkedServer:
        """A server with these settings, which dies at `crash_at`, a point of storage and a passage, if one is given."""
        port = settings.setdefault("port", free_port())
        variables = {f"MFN_{name.upper()}": str(value) for name, value in settings.items()} | {"MFN_ENV": "dev"}
        if crash_at:
            variables["MFN_CRASH_AT"] = crash_at
        self._started += 1
        log = self._folder / f"{self._started:04}.log"
        pid = self.ask({"variables": variables, "log": str(log)})["pid"]
        return ForkedServer(self, pid, port, log)

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """One request, answered."""
        program = self._program
        assert program.stdin is not None
        assert program.stdout is not None
        with self._asking:
            program.stdin.write(f"{json.dumps(request)}\n")
            program.stdin.flush()
            answer: dict[str, Any] = json.loads(program.stdout.readline())
        return answer


@contextmanager
def nursing(folder: Path) -> Iterator[Nursery]:
    """A nursery whose servers write their logs to a folder."""
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.federation.forking"],
        env=environment(env="dev"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert program.stdout is not None
        assert program.stdout.readline() == "{}\n"
        yield Nursery(program, folder)
    finally:
        program.communicate(timeout=PATIENCE_S)
