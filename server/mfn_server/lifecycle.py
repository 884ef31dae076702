"""Start, readiness, and a drain that hands streams over before the process ends."""

import asyncio
import faulthandler
import logging
import signal
from collections.abc import Callable, Collection, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mfn_server.app import Application
from mfn_server.config.settings import Settings
from mfn_server.health import NOT_SERVING, SERVING, WHOLE_SERVER
from mfn_server.heap import freeze
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

        With `warm_up=False` they are compiled when the first call to the service asks for them. A start that fails
        closes the application.
        """
        try:
            await self._listen()
        except BaseException:
            async with AsyncExitStack() as ending:
                self._release(ending, grace_s=0)
            raise
        if warm_up:
            self._application.kernels.start(self._application.all_needs)

    async def warm_up(self, stop: asyncio.Event) -> None:
        """Compile what the services need before anything listens, unless it is told to stop meanwhile."""
        kernels, needed = self._application.kernels, self._application.all_needs
        kernels.start(needed)
        waiting = [asyncio.create_task(kernels.wait(needed)), asyncio.create_task(_set(stop))]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()

    async def _listen(self) -> None:
        app = self._application
        self.port = app.listener.bind(join_address(app.settings.host, app.settings.port))
        address = join_address(app.settings.host, self.port)
        if app.coordinator is not None:
            await app.coordinator.start(app.settings.federation_address or address)
        self._metrics = endpoint(app)
        await app.listener.start()
        self._watch = self._in_background(app.listener.watch(address))
        for name, needed in [*app.needs.items(), (WHOLE_SERVER, app.all_needs)]:
            self._in_background(self._announce_when_warm(name, needed))
        self._in_background(self._sweep())
        self._in_background(app.watching.run())

    async def drain(self) -> None:
        """Stop for good: say so, wait for balancers to notice, hand streams over, end.

        A step that fails keeps none of the others from being taken; its error is raised when all are.
        """
        app = self._application
        log.info("draining")
        app.leaving = True
        async with AsyncExitStack() as ending:
            self._release(ending, app.settings.drain_grace_s)
            await self._end_background()  # a warm-up that ends during the notice must not announce SERVING again
            app.health.set_all(NOT_SERVING)
            await asyncio.sleep(app.settings.drain_notice_s)
        log.info("stopped")

    def _release(self, ending: AsyncExitStack, grace_s: float) -> None:
        """Have everything that start has opened closed by `ending`: what is named last here goes first."""
        app = self._application
        ending.callback(app.close)
        ending.callback(self._record_end)
        if self._metrics is not None:
            ending.push_async_callback(asyncio.to_thread, self._metrics.close)
        if app.limiter is not None:
            ending.push_async_callback(app.limiter.close)
        if app.traces is not None:
            ending.push_async_callback(app.traces.close)
        ending.push_async_callback(app.listener.stop, grace_s)
        if app.coordinator is not None:
            ending.push_async_callback(app.coordinator.drain)
        ending.callback(app.health.end_watches)
        ending.callback(app.draining.set)
        ending.push_async_callback(self._end_background)

    def _record_end(self) -> None:
        if self._application.leaving:  # a server that could not start has not stopped
            self._application.audit.record("server.stopped")

    async def _end_background(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def run_until(self, stop: asyncio.Event) -> None:
        """Until it is told to stop; raises OSError when the port was lost and cannot be opened again."""
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([stopped, self._watch], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if self._watch.done():
            self._watch.result()

    def when_warm(self, tell: Callable[[], None]) -> None:
        """Call `tell` once no kernel that the services need is still to be compiled."""

        async def waiting() -> None:
            await self._application.kernels.wait(self._application.all_needs)
            tell()

        self._in_background(waiting())

    def _in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(_tell_failure)
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
            except Exception:  # whatever it is, the next sweep may do
                log.exception("what has expired could not be deleted")
            await asyncio.sleep(SWEEP_EVERY_S)


async def _set(event: asyncio.Event) -> None:
    await event.wait()


def _tell_failure(task: asyncio.Task[None]) -> None:
    """Nobody awaits what runs in the background."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("work in the background has ended: %s", error, exc_info=error)


def join_address(host: str, port: int) -> str:
    """HOST:PORT; an IPv6 address goes in brackets, or its last group would be read as the port."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _nothing(_: Application, __: Lifecycle) -> None:
    """For a server that nobody waits for."""


@dataclass(frozen=True)
class Beside:
    """What differs for one of several processes behind a port.

    scratch: as in Application. warm_first: compile before listening, as others serve meanwhile. begun: called once it
    listens, on the event loop.
    """

    scratch: Path | None = None
    warm_first: bool = False
    begun: Callable[[Application, Lifecycle], None] = _nothing


ALONE = Beside()


async def serve(settings: Settings, log_lines_dropped: Callable[[], int] = int, beside: Beside = ALONE) -> None:
    """Run a server until SIGTERM or SIGINT, then drain it; the process ends in bounded time from there."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    app = Application(settings, log_lines_dropped, beside.scratch)
    app.audit.record("config.loaded", env=settings.env.value)
    lifecycle = Lifecycle(app)
    if beside.warm_first:
        await lifecycle.warm_up(stop)
    await lifecycle.start()
    try:
        _announce(app, lifecycle)
        beside.begun(app, lifecycle)
        lifecycle.when_warm(freeze)
        await lifecycle.run_until(stop)
    finally:
        # A thread that is stuck, say in a write to a volume that does not answer, would keep the process for ever. What
        # is acknowledged is durable by then; where each thread is goes to stderr.
        faulthandler.dump_traceback_later(settings.drain_notice_s + settings.drain_grace_s + LEAVING_S, exit=True)
        await lifecycle.drain()


def _announce(app: Application, lifecycle: Lifecycle) -> None:
    settings = app.settings
    address = join_address(settings.host, lifecycle.port)
    app.audit.record("server.started", address=address, version=server_version())
    if lifecycle.metrics_port is not None:
        log.info("metrics on http://%s/metrics", join_address(settings.metrics_host, lifecycle.metrics_port))
    log.info("listening on %s, environment %s", address, settings.env)
