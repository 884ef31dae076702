"""Start, readiness, and a drain that hands streams over before the process ends."""

import asyncio
import faulthandler
import logging
import signal
from collections.abc import Collection, Coroutine
from typing import Any

from mfn_server.app import Application
from mfn_server.config import Settings
from mfn_server.health import NOT_SERVING, SERVING, WHOLE_SERVER
from mfn_server.kernels import Group

SWEEP_EVERY_S = 600.0
LEAVING_S = 30.0
"""How long the process may take to end beyond the notice and the grace of its settings."""

log = logging.getLogger(__name__)


class Lifecycle:
    """Runs one Application; `port` is the one it listens on once started."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._tasks: list[asyncio.Task[None]] = []
        self.port = 0

    async def start(self, *, warm_up: bool = True) -> None:
        """Listen; each service begins SERVING once the kernels that it needs are compiled.

        With `warm_up=False` they are compiled when the first call to the service asks for them.
        """
        app = self._application
        address = join_address(app.settings.host, app.settings.port)
        try:
            self.port = app.server.add_insecure_port(address)
        except RuntimeError:
            raise OSError(f"cannot listen on {address}: is another server using the port?") from None
        if app.coordinator is not None:
            await app.coordinator.start(app.settings.federation_address or join_address(app.settings.host, self.port))
        await app.server.start()
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
        await app.server.stop(app.settings.drain_grace_s)
        app.close()
        log.info("stopped")

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

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


async def serve(settings: Settings) -> None:
    """Run a server until SIGTERM or SIGINT, then drain it; the process ends in bounded time from there."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    lifecycle = Lifecycle(Application(settings))
    await lifecycle.start()
    log.info("listening on %s, environment %s", join_address(settings.host, lifecycle.port), settings.env)
    await stop.wait()
    # A thread that is stuck, say in a write to a volume that does not answer, would keep the process for ever. What is
    # acknowledged is durable by then; where each thread is goes to stderr.
    faulthandler.dump_traceback_later(settings.drain_notice_s + settings.drain_grace_s + LEAVING_S, exit=True)
    await lifecycle.drain()
