"""Start, readiness, and a drain that hands streams over before the process ends."""

import asyncio
import faulthandler
import logging
import signal
from collections.abc import Callable, Collection, Coroutine
from typing import TYPE_CHECKING, Any

from mfn_server.app import Application
from mfn_server.config.settings import Settings
from mfn_server.health import NOT_SERVING, SERVING, WHOLE_SERVER
from mfn_server.kernels import Group
from mfn_server.telemetry.metrics.assemble import endpoint
from mfn_server.version import server_version

if TYPE_CHECKING:
    from mfn_server.telemetry.metrics.endpoint import Endpoint

SWEEP_EVERY_S = 600.0
LEAVING_S = 30.0
"""How long the process may take to end beyond the notice and the grace of its settings."""

log = logging.getLogger(__name__)


class Lifecycle:
    """Runs one Application; `port` is the one it listens on once started."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._tasks: list[asyncio.Task[None]] = []
        self._watch: asyncio.Task[None]
        self._metrics: Endpoint | None = None
        self.port = 0

    @property
    def metrics_port(self) -> int | None:
        """Where the metrics are served; None where they are not."""
        return None if self._metrics is None else self._metrics.port

    async def start(self, *, warm_up: bool = True) -> None:
        """Listen; each service begins SERVING once the kernels that it needs are compiled.

        With `warm_up=False` they are compiled when the first call to the service asks for them.
        """
        app = self._application
        self.port = app.listener.bind(join_address(app.settings.host, app.settings.port))
        address = join_address(app.settings.host, self.port)
        if app.coordinator is not None:
            await app.coordinator.start(app.settings.federation_address or address)
        self._metrics = endpoint(app)
        await app.listener.start()
        self._watch = self._in_background(app.listener.watch(address))
        for name, needed in [*app.needs.items(), (WHOLE_SERVER, tuple(Group))]:
            self._in_background(self._announce_when_warm(name, needed))
        self._in_background(self._sweep())
        if warm_up:
            app.kernels.start()

    async def drain(self) -> None:
        """Stop for good: say so, wait for balancers to notice, hand streams over, end."""
        app = self._application
        log.info("draining")
        for task in self._tasks:
            task.cancel()  # first: a warm-up that ends during the notice must not announce SERVING again
        await asyncio.gather(*self._tasks, return_exceptions=True)
        app.health.set_all(NOT_SERVING)
        await asyncio.sleep(app.settings.drain_notice_s)
        app.draining.set()
        app.health.end_watches()
        if app.coordinator is not None:
            await app.coordinator.drain()
        await app.listener.stop(app.settings.drain_grace_s)
        if app.traces is not None:
            await app.traces.close()
        if app.limiter is not None:
            await app.limiter.close()
        if self._metrics is not None:
            await asyncio.to_thread(self._metrics.close)
        app.audit.record("server.stopped")
        app.close()
        log.info("stopped")

    async def run_until(self, stop: asyncio.Event) -> None:
        """Until it is told to stop; raises OSError when the port was lost and cannot be opened again."""
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([stopped, self._watch], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if self._watch.done():
            self._watch.result()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.append(task)
        return task

    async def _announce_when_warm(self, name: str, needed: Collection[Group]) -> None:
        app = self._application
        await app.kernels.wait(needed)
        if app.kernels.usable(needed):
            app.health.set(name, SERVING)
            log.info("%s: serving", name or "the whole server")

    async def _sweep(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._application.sweep)
            except OSError:
                log.exception("what has expired could not be deleted")
            await asyncio.sleep(SWEEP_EVERY_S)


def join_address(host: str, port: int) -> str:
    """HOST:PORT; an IPv6 address goes in brackets, or its last group would be read as the port."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def serve(settings: Settings, log_lines_dropped: Callable[[], int] = int) -> None:
    """Run a server until SIGTERM or SIGINT, then drain it; the process ends in bounded time from there."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    app = Application(settings, log_lines_dropped)
    app.audit.record("config.loaded", env=settings.env.value)
    lifecycle = Lifecycle(app)
    await lifecycle.start()
    address = join_address(settings.host, lifecycle.port)
    app.audit.record("server.started", address=address, version=server_version())
    if lifecycle.metrics_port is not None:
        log.info("metrics on http://%s/metrics", join_address(settings.metrics_host, lifecycle.metrics_port))
    log.info("listening on %s, environment %s", address, settings.env)
    await lifecycle.run_until(stop)
    # A thread that is stuck, say in a write to a volume that does not answer, would keep the process for ever. What is
    # acknowledged is durable by then; where each thread is goes to stderr.
    faulthandler.dump_traceback_later(settings.drain_notice_s + settings.drain_grace_s + LEAVING_S, exit=True)
    await lifecycle.drain()
