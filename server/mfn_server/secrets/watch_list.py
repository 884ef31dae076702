"""All that a server reads again while it runs: one task looks at it, whether or not anybody calls."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from pydantic import SecretStr

from mfn_server.access.reporting import Reloads
from mfn_server.secrets.held import held, text_of
from mfn_server.secrets.judge import Judge
from mfn_server.secrets.lanes import Lane
from mfn_server.secrets.sources.source import Found, Source
from mfn_server.secrets.watched import Watched

ROUND_S = 1.0
"""Pause between two rounds of looks; each source is looked at when its own interval is over."""

T = TypeVar("T")


class WatchList:
    """What is watched. reloads: counts what was read again, and what could not be. judge: of new secrets."""

    def __init__(self, reloads: Reloads | None = None, judge: Judge | None = None) -> None:
        self._reloads, self.judge = reloads, judge or Judge()
        self._watched: list[Watched[Any]] = []
        self._lanes: dict[str, Lane] = {}

    def source(
        self,
        source: Source,
        parse: Callable[[bytes], T],
        *,
        setting: str,
        first: Found | None = None,
        on_reload: Callable[[T], None] | None = None,
    ) -> Watched[T]:
        """Content that is read now, unless it was, and from now on; raises OSError and ValueError."""
        # What is slow in one store keeps only what stands there waiting; a file waits for itself alone.
        lane = Lane() if source.store is None else self._lanes.setdefault(source.store, Lane())
        return self._kept(
            Watched(source, parse, setting=setting, first=first, reloads=self._reloads, on_reload=on_reload, lane=lane)
        )

    def secret(
        self,
        secret: SecretStr,
        parse: Callable[[str], T],
        *,
        setting: str,
        on_reload: Callable[[T], None] | None = None,
    ) -> Watched[T]:
        """A secret of the settings, which was read with them; raises ValueError."""
        first = held(secret)

        def parsed(content: bytes) -> T:
            text = text_of(first.source, content)
            found = parse(text)
            first.tell(text)  # after the judgement: what is refused must not crowd out what is in use
            return found

        return self.source(first.source, parsed, setting=setting, first=first.found, on_reload=on_reload)

    def keys(
        self,
        secret: SecretStr,
        *,
        setting: str,
        on_reload: Callable[[tuple[str, ...]], None] | None = None,
    ) -> Watched[tuple[str, ...]]:
        """A secret of one key or several, newest first; raises ValueError."""
        return self.secret(secret, partial(self.judge.keys, setting), setting=setting, on_reload=on_reload)

    async def run(self) -> None:
        """Look for ever; cancelled, no look is awaited any more."""
        try:
            while True:
                await asyncio.gather(*(each.fresh() for each in self._watched))
                await asyncio.sleep(ROUND_S)
        finally:
            await asyncio.gather(*(each.end() for each in self._watched))

    def _kept(self, watched: Watched[T]) -> Watched[T]:
        self._watched.append(watched)
        return watched
