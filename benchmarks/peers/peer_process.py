"""The peers' program in their own environment, `.peers`, made by `make bench-peers`."""

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".peers" / "bin" / "python"
PROGRAM = Path(__file__).with_name("aggregation.py")
HOW_TO_GET = "the peers are not installed; `make bench-peers` does it (about 3 GB)"


def installed() -> bool:
    """Whether there is an environment for them."""
    return PYTHON.exists()


class PeerProcess:
    """Answers jobs while the context is entered, on the cores that the calling thread may use."""

    def __init__(self, clients: int, size: int, f: int) -> None:
        self._command: list[str | Path] = [PYTHON, PROGRAM, *map(str, (clients, size, f))]
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "PeerProcess":
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def ask(self, library: str, rule: str) -> dict[str, Any]:
        """`seconds` of processor time that a library took for a rule, and the `sum` of its result."""
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the peers have not been started")
        print(json.dumps({"library": library, "rule": rule}), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the peers ended with {self._process.wait()} at {library}'s {rule}")
        found: dict[str, Any] = json.loads(answer)
        return found
