"""Unary calls a second with several of them open at once."""

import asyncio
import time
from collections.abc import Awaitable, Callable


async def calls_per_second(once: Callable[[], Awaitable[object]], count: int, callers: int) -> float:
    """Of `count` calls, shared out among callers that never pause; a multiple of `callers`."""

    async def caller() -> None:
        for _ in range(count // callers):
            await once()

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return count / (time.perf_counter() - began)
