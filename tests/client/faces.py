"""The two faces of the client behind one way of calling them."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from typing import Any

from mfn_client import AsyncClient, Client


class Face:
    """Calls a method on the synchronous or the asynchronous client alike."""

    def __init__(self, kind: type[Client | AsyncClient], target: str) -> None:
        self._kind, self._target = kind, target

    def __call__(self, method: str, *args: Any, timeout_s: float | None = None, **named: Any) -> Any:
        return asyncio.run(self._call(method, timeout_s, args, named))

    async def _call(self, method: str, timeout_s: float | None, args: Any, named: Any) -> Any:
        client = self._kind(self._target, api_key="secret", timeout=timeout_s)
        try:
            found = getattr(client, method)(*args, **named)
            if inspect.isawaitable(found):
                return await found
            if isinstance(found, AsyncIterator):
                return [item async for item in found]
            return list(found) if isinstance(found, Iterator) else found
        finally:
            closed = client.close()
            if closed is not None:
                await closed

    @property
    def is_async(self) -> bool:
        return self._kind is AsyncClient
