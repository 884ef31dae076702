"""Buckets whose store may become another one while calls take from it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from mfn_server.limiting.buckets import Buckets, Numbers

LETTING_GO_S = 5.0
"""How long an old store stays open for the calls that are still waiting for it; they wait far less."""


class Replaceable:
    """The buckets of one store at a time. make: a store from its URL."""

    def __init__(self, make: Callable[[str], Buckets], url: str) -> None:
        self._make = make
        self._buckets = make(url)
        self._old = dict[asyncio.Task[None], Buckets]()

    def use(self, url: str) -> None:
        """Take from this store from now on; the one before is closed once nobody can be waiting for it."""
        old, self._buckets = self._buckets, self._make(url)
        task = asyncio.create_task(_let_go(old))
        self._old[task] = old
        task.add_done_callback(self._old.pop)

    def take(self, keys: Sequence[str], arguments: Sequence[float]) -> Awaitable[Numbers | None]:
        """As Buckets.take."""
        return self._buckets.take(keys, arguments)

    def at_once(self, keys: Sequence[str], arguments: Sequence[float]) -> Numbers | None:
        """As Buckets.at_once."""
        return self._buckets.at_once(keys, arguments)

    @property
    def kept(self) -> int:
        """As Buckets.kept."""
        return self._buckets.kept

    async def close(self) -> None:
        """Let go of all connections now."""
        leaving = dict(self._old)
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)
        for buckets in (*leaving.values(), self._buckets):
            await buckets.close()


async def _let_go(buckets: Buckets) -> None:
    await asyncio.sleep(LETTING_GO_S)
    await buckets.close()
