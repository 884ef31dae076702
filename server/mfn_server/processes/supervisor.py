"""The process that holds the port and the metrics, and keeps the workers running; it answers no call itself."""

import asyncio
import logging
import secrets
import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from prometheus_client import CollectorRegistry

from mfn_server.config.offering import Service
from mfn_server.config.settings import Settings
from mfn_server.processes.channel import Message
from mfn_server.processes.crew import Crew
from mfn_server.processes.gathering import Gathered
from mfn_server.processes.port import reserved
from mfn_server.processes.running import UNABLE
from mfn_server.telemetry.metrics.endpoint import opened

LEAVING_S = 40.0
"""How long workers may take to end beyond notice and grace: more than they give themselves."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shared:
    """What all workers begin with. settings: those that differ from what they read for themselves."""

    settings: Mapping[str, Any]
    scratch: Path | None

    def begin(self, number: int) -> Message:
        """What the worker of a number is told."""
        scratch = None if self.scratch is None else str(self.scratch)
        return {"worker": number, "settings": dict(self.settings), "scratch": scratch}


async def supervise(settings: Settings, given: Mapping[str, Any]) -> int:
    """Run the workers until SIGTERM or SIGINT, then drain them; the exit code.

    given: settings of the command line, which workers do not find in their variables. Raises OSError when the port or
    that of the metrics is taken.
    """
    with _shared(settings, given) as shared:
        crew = Crew(settings.workers, shared.begin)
        registry = CollectorRegistry()
        registry.register(Gathered(crew))
        metrics = opened(settings, registry)
        try:
            if metrics is not None:
                log.info("metrics on http://%s:%d/metrics", settings.metrics_host, metrics.port)
            return await _kept(crew, settings)
        finally:
            if metrics is not None:
                await asyncio.to_thread(metrics.close)


@contextmanager
def _shared(settings: Settings, given: Mapping[str, Any]) -> Iterator[Shared]:
    """What the workers share while the context is entered: the port, a key, a directory."""
    with ExitStack() as stack:
        try:
            port = stack.enter_context(reserved(settings.host, settings.port))
        except OSError:
            place = f"{settings.host}:{settings.port}"
            raise OSError(f"cannot listen on {place}: is another server using the port?") from None
        own: dict[str, Any] = {"port": port, "workers": settings.workers, "metrics_port": None}
        scratch = None
        if settings.state_dir is None:
            scratch = Path(stack.enter_context(TemporaryDirectory(prefix="mfn-")))
            if settings.resume_token_key is None:
                own["resume_token_key"] = _made_key(settings)
        yield Shared({**given, **own}, scratch)


def _made_key(settings: Settings) -> str:
    """A key that the workers have in common."""
    if Service.SIMULATION in settings.services:
        log.warning("resume tokens end with this server: set MFN_RESUME_TOKEN_KEY or MFN_STATE_DIR to keep them")
    return secrets.token_hex(32)


async def _kept(crew: Crew, settings: Settings) -> int:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    keeping, stopped = asyncio.create_task(crew.keep()), asyncio.create_task(stop.wait())
    await asyncio.wait([keeping, stopped], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not keeping.done():
        log.info("draining %d workers", settings.workers)
        crew.stop()
        await asyncio.wait([keeping], timeout=settings.drain_notice_s + settings.drain_grace_s + LEAVING_S)
    late = not keeping.done()
    crew.signal(signal.SIGKILL)
    await keeping
    if late:
        log.error("not every worker has ended in time; those were killed")
        return UNABLE
    log.info("all workers have ended")
    return crew.code
