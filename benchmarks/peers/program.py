"""A peer's program in the environment `.peers`, which `make bench-peers` makes: jobs in, answers out, a line each."""

import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".peers" / "bin" / "python"
HOW_TO_GET = "the peers are not installed; `make bench-peers` does it (about 3 GB)"


def installed() -> bool:
    """Whether there is an environment for them."""
    return PYTHON.exists()


class PeerProgram:
    """Answers jobs while the context is entered, on the cores that the calling thread may use.

    program: a file beside this one that reads jobs in JSON, a line each, and writes an answer to each; it imports
    nothing of this project. arguments: of its command line. environment: variables beside those of this process.
    """

    def __init__(self, program: str, *arguments: object, **environment: str) -> None:
        self._command = [str(PYTHON), str(Path(__file__).parent / program), *map(str, arguments)]
        self._environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | environment
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "PeerProgram":
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=self._environment
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def answer(self, job: dict[str, Any]) -> dict[str, Any]:
        """What the program says to a job; RuntimeError when it has ended."""
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the peers have not been started")
        try:
            print(json.dumps(job), file=self._process.stdin, flush=True)
        except BrokenPipeError:
            raise RuntimeError(self._ended(job)) from None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(self._ended(job))
        found: dict[str, Any] = json.loads(line)
        return found

    def _ended(self, job: dict[str, Any]) -> str:
        code = self._process.wait() if self._process else None
        return f"the peers ended with {code} at {job}"
