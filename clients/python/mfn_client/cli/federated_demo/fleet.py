"""The participants' processes: started, watched, and gone when the demo is, however it ends."""

import os
import subprocess  # nosec B404  # participants are processes of their own
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

GRACE_S = 15.0
"""How long processes may take to leave by themselves once the federation is over."""
POLL_S = 0.1
RETRY_FOR_S = 30
"""A participant whose server is gone, as when the demo itself is killed, gives up after this."""
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Fleet:
    """A context manager over processes of `mfn participate`; leaving it ends those that still run.

    folder: where they work and what they say on stderr goes, a file each.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._over = threading.Event()
        self._watching: threading.Thread | None = None
        self.failure: str | None = None

    def start(self, name: str, arguments: Sequence[str], variables: Mapping[str, str]) -> None:
        """Start `mfn participate` with these arguments, in a session of its own: Ctrl-C reaches the demo alone."""
        command = [sys.executable, "-m", "mfn_client", "participate", *arguments, "--retry-for", str(RETRY_FOR_S)]
        environment = {**os.environ, **_ONE_THREAD, "TMPDIR": str(self._folder), **variables}
        with self._said(name).open("wb") as said:
            self._running[name] = subprocess.Popen(  # noqa: S603  # nosec B603  # this interpreter, this package
                command,
                env=environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
            )

    def watch(self, on_failure: Callable[[], object]) -> None:
        """Call back, once and on another thread, when a process ends with an error; `failure` then tells of it."""
        self._watching = threading.Thread(target=self._watch, args=(on_failure,), name="mfn-fleet", daemon=True)
        self._watching.start()

    def _watch(self, on_failure: Callable[[], object]) -> None:
        while not self._over.wait(POLL_S):
            fallen = [name for name, process in self._running.items() if process.poll()]
            if fallen:
                self.failure = self._told(fallen[0])
                on_failure()
                return

    def join(self) -> None:
        """Wait a while for all to leave by themselves."""
        deadline = time.monotonic() + GRACE_S
        for process in self._running.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                return

    def _told(self, name: str) -> str:
        code = self._running[name].returncode
        lines = self._said(name).read_text(errors="replace").strip().splitlines()
        return f"{name} ended early with exit code {code}{': ' + lines[-1] if lines else ''}"

    def _said(self, name: str) -> Path:
        return self._folder / f"{name}.stderr"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for process in self._running.values():
            process.kill()  # they keep nothing that could be lost
        for process in self._running.values():
            process.wait()
        if self._watching is not None:
            self._watching.join()
