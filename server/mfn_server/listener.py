"""Keeps a port open: grpc.aio's server, and another in its place when that stops accepting calls by itself.

grpc.aio decodes the path of a request in the task that accepts calls, so that one request whose path is not UTF-8 ends
that task and with it the server: whoever can reach the port could close it. The calls that are under way go on; their
connections are told to open anew.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import grpc

LOOK_EVERY_S = 0.05
"""How often the server is asked whether it still accepts calls; it tells nobody by itself."""
REOPEN_FOR_S = 10.0
REPLACED_GRACE_S = 600.0
"""How long the calls of a server that has been replaced may go on: its callers did nothing wrong."""

log = logging.getLogger(__name__)


class Listener:
    """One address. make: a server that is not started. credentials: None for connections in plain text."""

    def __init__(self, make: Callable[[], grpc.aio.Server], credentials: grpc.ServerCredentials | None) -> None:
        self._make, self._credentials = make, credentials
        self._servers = [make()]
        self._endings = set[asyncio.Task[None]]()
        self._stopping = False

    def bind(self, address: str) -> int:
        """The port that calls come to; raises OSError when another server uses it."""
        try:
            if self._credentials is None:
                return self._servers[-1].add_insecure_port(address)
            return self._servers[-1].add_secure_port(address, self._credentials)
        except RuntimeError:
            raise OSError(f"cannot listen on {address}: is another server using the port?") from None

    async def start(self) -> None:
        """Take calls."""
        await self._servers[-1].start()

    async def stop(self, grace_s: float) -> None:
        """Take no more calls; those under way are cancelled after `grace_s` seconds, or sooner by another stop."""
        self._stopping = True
        await asyncio.gather(*(server.stop(grace_s) for server in self._servers), *self._endings)
        self._servers.clear()  # while there is an event loop: a server turns to it once more when it is deleted

    async def watch(self, address: str) -> None:
        """Replace the server whenever it no longer accepts calls; address: with the port that `bind` has found.

        Raises OSError when the address cannot be opened again.
        """
        while not self._stopping:
            if not _is_running(self._servers[-1]):
                log.error("the server stopped accepting calls, most likely for a path that is no text; opening it anew")
                await self._replace(address)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _replace(self, address: str) -> None:
        ending = asyncio.create_task(self._end(self._servers[-1]))
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)
        self._servers.append(self._make())
        await self._reopen(address)
        await self.start()

    async def _end(self, server: grpc.aio.Server) -> None:
        await server.stop(REPLACED_GRACE_S)
        if server in self._servers:
            self._servers.remove(server)

    async def _reopen(self, address: str) -> None:
        """The old server lets go of the address when its own shutdown begins, a moment later."""
        last = asyncio.get_running_loop().time() + REOPEN_FOR_S
        while True:
            try:
                self.bind(address)
            except OSError:
                if asyncio.get_running_loop().time() > last:
                    raise
                await asyncio.sleep(LOOK_EVERY_S)
            else:
                return


def _is_running(server: Any) -> bool:
    """Whether a started server still accepts calls; grpc.aio tells it nowhere else."""
    running: bool = server._server.is_running()  # noqa: SLF001  # see above
    return running
