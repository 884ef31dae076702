"""One of several server processes: `python -m mfn_server.processes.worker DESCRIPTOR`, started by the supervisor only.

The descriptor is a socket to the supervisor, which first says what this worker is to be.
"""

import ctypes
import os
import signal
import sys
import threading
from pathlib import Path

from prometheus_client import CollectorRegistry

from mfn_server import heap
from mfn_server.app import Application
from mfn_server.config.loading import InvalidSettings, load_settings
from mfn_server.config.shares import share_of
from mfn_server.lifecycle import Beside, Lifecycle, serve
from mfn_server.processes.channel import LISTENING, METRICS, SCRAPE, WARM, Message, WorkerEnd
from mfn_server.processes.merging import taken, written
from mfn_server.processes.running import UNUSABLE, run
from mfn_server.processes.standard_error import SharedSink
from mfn_server.telemetry.entries import OF_THIS_PROCESS
from mfn_server.telemetry.logs import configure

PR_SET_PDEATHSIG = 1


def main(descriptor: int) -> int:
    """Serve until the supervisor says so, or is gone; the exit code is that of a server that is alone."""
    _end_with_parent()
    heap.share()
    supervisor = WorkerEnd(descriptor)
    begin = supervisor.receive()
    if begin is None:
        return UNUSABLE
    try:
        settings = share_of(load_settings(**begin["settings"]))
    except InvalidSettings as error:
        sys.stderr.write(f"{error}\n")
        return UNUSABLE
    OF_THIS_PROCESS["worker"] = begin["worker"]
    logs = configure(settings, sink=SharedSink())
    told = _Telling(supervisor)
    try:
        return run(serve(settings, lambda: logs.lost, Beside(_scratch(begin), begin["warm_first"], told.begun)))
    finally:
        told.last_words()
        logs.close()


class _Telling:
    """Tells the supervisor how far this worker is, and its metrics when asked."""

    def __init__(self, supervisor: WorkerEnd) -> None:
        self._supervisor = supervisor
        self._registry: CollectorRegistry | None = None
        self._turn = threading.Lock()
        threading.Thread(target=self._answer, name="mfn-supervised", daemon=True).start()

    def begun(self, app: Application, lifecycle: Lifecycle) -> None:
        """It listens; on the event loop."""
        self._registry = app.metrics.registry
        self._supervisor.send({"kind": LISTENING})
        lifecycle.when_warm(lambda: self._supervisor.send({"kind": WARM}))

    def last_words(self) -> None:
        """What was counted until the end."""
        if self._registry is not None:
            self._tell_metrics(self._registry)

    def _answer(self) -> None:
        """On a thread of its own, so that an event loop that is stuck cannot hide the rest."""
        while (message := self._supervisor.receive()) is not None:
            if message["kind"] == SCRAPE and self._registry is not None:
                self._tell_metrics(self._registry)
        os.kill(os.getpid(), signal.SIGKILL)  # nobody is left to start, count or end this process

    def _tell_metrics(self, registry: CollectorRegistry) -> None:
        with self._turn:  # what is taken first is sent first: the supervisor keeps what comes last
            self._supervisor.send({"kind": METRICS, "families": written(taken(registry))})


def _end_with_parent() -> None:
    """Where the system can: it then ends this process even where no thread of it can run."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _scratch(begin: Message) -> Path | None:
    return None if begin["scratch"] is None else Path(begin["scratch"])


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
