"""Several things at once, in the order in which they finish."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


async def as_finished(jobs: Iterable[Callable[[], Coroutine[Any, Any, T]]], at_once: int) -> AsyncGenerator[T, None]:
    """The results of some jobs, at most `at_once` of them running; the first failure ends them all.

    A job is begun when a result is asked for, so that a consumer who stops asking stops the work.
    """
    waiting, running = iter(jobs), set[asyncio.Task[T]]()
    try:
        while True:
            while len(running) < at_once and (job := next(waiting, None)) is not None:
                running.add(asyncio.create_task(job()))
            if not running:
                return
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()
            running -= done
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
