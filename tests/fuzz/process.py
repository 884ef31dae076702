"""The victim from outside: its memory, files and threads, and what it says that it holds."""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import Any

import psutil  # type: ignore[import-untyped]  # it ships no annotations

from tests.e2e.process import PATIENCE_S, environment

LOOK_EVERY_S = 0.1
MIB = 2**20
KEY = "fuzzing-key-of-thirty-two-characters-or-more"  # pragma: allowlist secret
AMPLE = "6000000/m burst 1000000"
"""A rate that is counted and never reached."""
RATES = ("health", "read", "simulate", "features", "validate", "federate", "admin", "global")


@dataclass(frozen=True)
class Holdings:
    """What a server holds. memory_mib: its resident set. own: tasks, calls, streams and bytes, as it counts them."""

    memory_mib: float
    files: int
    threads: int
    own: dict[str, int]


class Victim:
    """Runs while the context is entered; every guard and every telemetry of the settings is on."""

    def __init__(self, **settings: Any) -> None:
        usual: dict[str, Any] = {
            "env": "dev",
            "port": 0,
            "compute_threads": 2,
            "max_state_bytes": 64 * MIB,
            "array_quota_bytes": 16 * MIB,
            "api_key": KEY,
            "api_key_required": True,
            "log_format": "json",
            "metrics_port": 0,
            "rate_limit_enabled": True,
            "rate_limit_cell_steps": "60000000000000/m burst 60000000000000",
            "upload_idle_s": 2,
            "drain_notice_s": 0,
            "drain_grace_s": 1,
            "federation_join_timeout_s": 2,
            **{f"rate_limit_{name}": AMPLE for name in RATES},
            "rate_limit_clients": AMPLE,
        }
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  # closed when the context ends
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.victim"],
            env=environment(**(usual | settings)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        line = self._answer()
        if not line.strip().isdecimal():
            raise AssertionError(f"the server did not start:\n{self.log}")
        self.port = int(line)
        self.target = f"127.0.0.1:{self.port}"
        self._seen = psutil.Process(self._process.pid)

    @property
    def log(self) -> str:
        """All that it has written."""
        self._log.seek(0)
        return self._log.read()

    def holdings(self) -> Holdings:
        """What it holds now."""
        assert self._process.stdin is not None
        self._process.stdin.write("held\n")
        self._process.stdin.flush()
        own: dict[str, int] = json.loads(self._answer())
        memory = self._seen.memory_info().rss / MIB
        return Holdings(memory, self._seen.num_fds(), self._seen.num_threads(), own)

    def quiet(self) -> Holdings:
        """What it holds once nothing runs, waits or is open; AssertionError when something never ends."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            now = self.holdings()
            if not any(now.own[name] for name in ("running", "queued", "streams", "bytes")):
                return now
            time.sleep(LOOK_EVERY_S)
        raise AssertionError(f"calls that are over are still held: {now}")

    def close(self) -> None:
        """Let it drain; leave nothing behind."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(PATIENCE_S)
        finally:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            self._log.close()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()
