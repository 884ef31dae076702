"""Servers that keep federations in a directory, and what can befall them."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mfn_server.federation.live.live import Live
from tests.server.conftest import Running, Start
from tests.server.federation.scripted import Operator


@dataclass
class Host:
    """One server at a time over one directory; `operator` speaks to the one that runs."""

    start: Start
    state_dir: Path
    settings: dict[str, Any]
    running: Running
    operator: Operator

    def live(self, federation_id: str) -> Live:
        """The federation inside the server."""
        coordinator = self.running.application.coordinator
        assert coordinator is not None
        return coordinator._lives[federation_id]

    async def kill(self) -> None:
        """The server is gone without a word: nothing that waits is written, nobody is told."""
        application = self.running.application
        coordinator = application.coordinator
        assert coordinator is not None
        lives = list(coordinator._lives.values())
        coordinator._lives.clear()
        for live in lives:
            live._closing = True
            live._actor._work.cancel()
            with suppress(asyncio.CancelledError):
                await live._actor._work
            await live._chores.end()
        await application.listener.stop(0)
        for live in lives:
            await asyncio.to_thread(live.folder.close)

    async def restart(self) -> None:
        """Another server over the same directory."""
        self.running = await self.start(state_dir=self.state_dir, **self.settings)
        self.operator = Operator(self.running.channel)


Hosting = Callable[..., Awaitable[Host]]


def hosting_in(start: Start, state_dir: Path) -> Hosting:
    """`await hosting(...)` starts a server with these settings over the directory."""

    async def hosting(**settings: Any) -> Host:
        running = await start(state_dir=state_dir, **settings)
        return Host(start, state_dir, settings, running, Operator(running.channel))

    return hosting
