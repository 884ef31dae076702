"""Has a server look at its secrets at once."""

import asyncio

from tests.server.conftest import Running


async def look(server: Running) -> None:
    """Have everything looked at, whatever its interval, and wait for it."""
    for each in server.application.watching._watched:
        if each._look_every_s < float("inf"):
            each._next_look = 0.0
            await each.fresh()
            if each._look is not None:
                await asyncio.wait({each._look})
