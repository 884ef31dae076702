"""A file whose content is read again when it changes; of a faulty one the last good content stays."""

import asyncio
import logging
from collections.abc import Callable
from contextvars import Context
from pathlib import Path
from time import monotonic
from typing import Generic, TypeVar

from mfn_server.access.reporting import Reloads

LOOK_EVERY_S = 1.0
PATIENCE_S = 0.25
"""How long the one call that has the file looked at waits for it: a volume that does not answer delays no more."""

T = TypeVar("T")
Stamp = tuple[int, int, int]
log = logging.getLogger(__name__)


class Watched(Generic[T]):
    """The parsed content of a file, looked at again at most once in `look_every_s` and only when it is asked for.

    setting: by which the operator knows the file. parse: raises ValueError, whose text must hold no secret.
    on_reload: is told of new content, on the event loop. The constructor raises OSError and ValueError.
    """

    def __init__(
        self,
        path: Path,
        parse: Callable[[bytes], T],
        *,
        setting: str,
        reloads: Reloads | None = None,
        on_reload: Callable[[T], None] | None = None,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._path, self._parse, self._setting = path, parse, setting
        self._reloads, self._on_reload, self._look_every_s = reloads, on_reload, look_every_s
        self._stamp = _stamp(path)
        self.current = parse(path.read_bytes())
        self._fault: str | None = None
        self._next_look = monotonic() + look_every_s
        self._look: asyncio.Task[None] | None = None

    async def fresh(self) -> T:
        """The content, no older than a look at the file ago."""
        if monotonic() >= self._next_look:
            await self._refresh()
        return self.current

    async def _refresh(self) -> None:
        self._next_look = monotonic() + self._look_every_s
        if self._look is None or self._look.done():
            # In a context of its own: what is logged there is no doing of the call that happens to come by.
            self._look = asyncio.create_task(self._looked(), context=Context())
            await asyncio.wait({self._look}, timeout=PATIENCE_S)

    async def _looked(self) -> None:
        try:
            found = await asyncio.to_thread(self._changed)
        except Exception as error:  # noqa: BLE001  # whatever the content does to a parser, the last good one stays
            self._keep_last(error)
        else:
            if found is not None:
                self._take(*found)

    def _changed(self) -> tuple[Stamp, T] | None:
        """The new content and its stamp; a faulty file is read again at every look."""
        stamp = _stamp(self._path)  # before reading: a change during it shows at the next look
        if stamp == self._stamp and self._fault is None:
            return None
        return stamp, self._parse(self._path.read_bytes())

    def _take(self, stamp: Stamp, content: T) -> None:
        self._stamp, self.current, self._fault = stamp, content, None
        log.info("MFN_%s was read again", self._setting.upper())
        if self._reloads is not None:
            self._reloads.count(self._setting, succeeded=True)
        if self._on_reload is not None:
            self._on_reload(content)

    def _keep_last(self, error: Exception) -> None:
        # The text of an error that no parser meant to raise may repeat the content.
        fault = str(error) if isinstance(error, OSError | ValueError) else type(error).__name__
        if self._fault == fault:
            return
        self._fault = fault
        log.error("MFN_%s cannot be used, its last good content stays: %s", self._setting.upper(), fault)
        if self._reloads is not None:
            self._reloads.count(self._setting, succeeded=False)


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino
