"""Work that a caller has begun and that goes on to its end also when the caller leaves."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def uninterrupted(work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns. Cancelled meanwhile, it leaves at once, and the work goes on by itself."""
    task = asyncio.create_task(work)
    task.add_done_callback(_seen)
    return await asyncio.shield(task)


def _seen(task: "asyncio.Task[Any]") -> None:
    """A failure that the caller did not wait for is no news to anyone."""
    if not task.cancelled():
        task.exception()
