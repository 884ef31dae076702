"""A secret that is read again when it changes; of a faulty one the last good content stays."""

import asyncio
import logging
from collections.abc import Callable, Hashable
from contextvars import Context
from functools import partial
from random import SystemRandom
from time import monotonic
from typing import Generic, TypeVar

from mfn_server.access.reporting import Reloads
from mfn_server.secrets.lanes import Lane
from mfn_server.secrets.sources.source import Found, Source

PATIENCE_S = 0.25
"""How long the one call that has the source looked at waits for it: one that does not answer delays no more."""
SETTLING_S = 1.0
"""How long the content of a file must stay the same before it counts: somebody may be writing it."""
MOST_CHANGES = 10
"""Looks in a row at a file that is another one each time."""
FIRST_RETRY_S = 1.0
"""From a fault to the next look; doubled with each fault in a row, up to the interval."""
SPREAD = 0.1
"""Part of the interval by which looks at a store are sooner or later, so that replicas do not come all at once."""

T = TypeVar("T")
log = logging.getLogger(__name__)


class Watched(Generic[T]):
    """The parsed content of a source, looked at again at most once in the source's interval.

    setting: by which the operator knows it. parse: raises ValueError, whose text must hold no secret; runs on a thread.
    first: what was read already. on_reload: is told of new content on the event loop, before that counts; what it
    raises keeps the last good one. look_every_s: instead of the source's. lane: shared by all secrets of one store.
    The constructor raises OSError and ValueError.
    """

    def __init__(
        self,
        source: Source,
        parse: Callable[[bytes], T],
        *,
        setting: str,
        first: Found | None = None,
        reloads: Reloads | None = None,
        on_reload: Callable[[T], None] | None = None,
        look_every_s: float | None = None,
        lane: Lane | None = None,
    ) -> None:
        self._source, self._parse, self._setting = source, parse, setting
        self._reloads, self._on_reload = reloads, on_reload
        self._look_every_s = source.look_every_s if look_every_s is None else look_every_s
        found = first or source.look()
        if found is None:
            raise ValueError("nothing is there")
        self._stamp = found.stamp
        self.current = parse(found.content)
        self._fault: str | None = None
        self._retry_s = FIRST_RETRY_S
        self._lane = lane or Lane()
        self._next_look = monotonic() + self._interval()
        self._look: asyncio.Task[None] | None = None

    async def fresh(self) -> T:
        """The content, no older than a look ago."""
        if monotonic() >= self._next_look:
            await self._refresh()
        return self.current

    async def end(self) -> None:
        """Await no look any more; whatever its thread waits for, nobody waits for that."""
        if self._look is not None:
            self._look.cancel()
            await asyncio.gather(self._look, return_exceptions=True)

    async def _refresh(self) -> None:
        self._next_look = monotonic() + self._interval()
        if self._look is None or self._look.done():
            # In a context of its own: what is logged there is no doing of the call that happens to come by.
            self._look = asyncio.create_task(self._looked(), context=Context())
            await asyncio.wait({self._look}, timeout=PATIENCE_S)

    def _interval(self) -> float:
        if self._source.store is None:
            return self._look_every_s
        return self._look_every_s * SystemRandom().uniform(1 - SPREAD, 1 + SPREAD)

    async def _looked(self) -> None:
        try:
            found = await self._settled()
            if found is None:
                self._as_before()
            else:
                self._take(found, await self._lane.run(partial(self._parse, found.content)))
        except Exception as error:  # noqa: BLE001  # whatever the content does to a parser, the last good one stays
            self._keep_last(error)

    async def _settled(self) -> Found | None:
        """What is new, once it is whole; what was faulty does not pass for seen."""
        found = await self._seen_at(self._stamp)
        if found is None or self._source.store is not None:
            return found
        for _ in range(MOST_CHANGES):
            await asyncio.sleep(min(SETTLING_S, self._look_every_s))
            later = await self._seen_at(found.stamp)
            if later is None:
                return None if found.stamp == self._stamp else found
            found = later
        raise ValueError("it is another one at each look; write a new file and rename it")

    async def _seen_at(self, stamp: Hashable) -> Found | None:
        return await self._lane.run(partial(self._source.look, stamp))

    def _as_before(self) -> None:
        self._retry_s = FIRST_RETRY_S
        if self._fault is None:
            return
        self._fault = None
        log.info("MFN_%s can be read again and has not changed", self._setting.upper())
        if self._reloads is not None:
            self._reloads.recovered(self._setting)

    def _take(self, found: Found, content: T) -> None:
        if self._on_reload is not None:
            self._on_reload(content)
        self._stamp, self.current, self._fault, self._retry_s = found.stamp, content, None, FIRST_RETRY_S
        log.info("MFN_%s was read again", self._setting.upper())
        if self._reloads is not None:
            self._reloads.count(self._setting, succeeded=True)

    def _keep_last(self, error: Exception) -> None:
        self._next_look = monotonic() + min(self._retry_s, self._look_every_s)
        self._retry_s = min(2 * self._retry_s, max(self._look_every_s, FIRST_RETRY_S))
        # The text of an error that no parser meant to raise may repeat the content.
        fault = str(error) if isinstance(error, OSError | ValueError) else type(error).__name__
        if self._fault == fault:
            return
        self._fault = fault
        log.error("MFN_%s cannot be used, its last good content stays: %s", self._setting.upper(), fault)
        if self._reloads is not None:
            self._reloads.count(self._setting, succeeded=False)
