"""Makes the next item of a stream while the present one is being sent, and never more than that."""

import asyncio
from collections.abc import AsyncGenerator
from typing import TypeVar

T = TypeVar("T")
_END = object()


async def one_ahead(source: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """The items of `source`, each asked for as soon as its predecessor is handed out; closes `source`."""
    ahead = _next(source)
    try:
        while (item := await ahead) is not _END:
            ahead = _next(source)
            yield item  # type: ignore[misc]  # _END, the only object that is no T, ended the loop
    finally:
        ahead.cancel()
        await asyncio.wait([ahead])
        await source.aclose()


def _next(source: AsyncGenerator[T, None]) -> "asyncio.Task[T | object]":
    async def following() -> T | object:
        return await anext(source, _END)

    return asyncio.create_task(following())
