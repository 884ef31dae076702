"""Participants in processes of their own, to be killed, stopped and started again."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Collection
from pathlib import Path

from tests.e2e.process import PATIENCE_S, environment


class Hand:
    """One participant's process; lines: what it has said."""

    def __init__(self, target: str, federation: str, name: str, folder: Path, hold: Collection[int] = ()) -> None:
        settings = {
            "target": target,
            "federation": federation,
            "name": name,
            "folder": str(folder),
            "hold": list(hold),
        }
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.federation.participating", json.dumps(settings)],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.lines = list[str]()
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def await_line(self, line: str) -> None:
        """Until it says so."""
        with self._changed:
            assert self._changed.wait_for(lambda: line in self.lines, PATIENCE_S), self.lines

    def go_on(self) -> None:
        """Let it train where it holds."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, if it still runs; over once this returns."""
        self._process.kill()
        self._process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self.lines.append(line.strip())
                self._changed.notify_all()
