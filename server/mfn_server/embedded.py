"""A server inside the calling process: loopback, a free port, a random key that only this process knows."""

import asyncio
import logging
import secrets
import threading
from types import TracebackType
from typing import Any

from mfn_server.app import Application
from mfn_server.config.loading import load_settings
from mfn_server.config.offering import EVERY_SERVICE
from mfn_server.lifecycle import Lifecycle, join_address

log = logging.getLogger(__name__)


class EmbeddedServer:
    """Runs a server on a thread of its own while the context is entered.

    target: "127.0.0.1:port". api_key: what callers must send. Settings may be given by name, for instance
    `EmbeddedServer(compute_threads=1)`. The kernels that a service needs are compiled when the first call to it asks
    for them.
    A server that ends by itself, because its port was lost, says so in the log and raises OSError at the context's end.
    """

    def __init__(self, **settings: Any) -> None:
        self.api_key = secrets.token_urlsafe(32)
        defaults = {
            "env": "dev",
            "host": "127.0.0.1",
            "port": 0,
            "api_key": self.api_key,
            "api_key_required": True,
            "resume_token_key": secrets.token_urlsafe(32),
            "services": EVERY_SERVICE,  # MFN_SERVICES and MFN_WORKERS are about servers that others call
            "workers": 1,
            "drain_grace_s": 1,
        }
        self._settings = load_settings(**(defaults | settings))
        if self._settings.workers != 1:
            raise ValueError("workers must be 1: an embedded server runs inside the calling process")
        self._thread = threading.Thread(target=self._run, name="mfn-embedded")
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._failure: BaseException | None = None
        self.target = ""

    def __enter__(self) -> "EmbeddedServer":
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._loop is not None and self._stop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        if self._failure is not None and error is None:
            raise self._failure

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as failure:  # raised on the thread of the context
            self._failure = failure
            if self._started.is_set():
                log.exception("the embedded server has ended before its context")
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        lifecycle = Lifecycle(Application(self._settings))
        await lifecycle.start(warm_up=False)
        try:
            self.target = join_address(self._settings.host, lifecycle.port)
            self._started.set()
            await lifecycle.run_until(self._stop)
        finally:
            await lifecycle.drain()
