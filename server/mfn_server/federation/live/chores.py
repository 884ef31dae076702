"""Work that a federation does beside its events: tasks that are kept hold of, and ended with it."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from mfn_server.errors import Fault
from mfn_server.federation.storage.errors import StorageError

SHORTEST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
MOST_TRIES = 3
"""Unexpected errors in a row after which nothing else is to be expected."""
T = TypeVar("T")
log = logging.getLogger(__name__)


class Hopeless(Exception):
    """Work failed again and again in a way that nobody foresaw; the log says how."""


class Chores:
    """The tasks of one federation."""

    def __init__(self, of: str) -> None:
        self._of = of
        self._tasks = set[asyncio.Task[None]]()

    def begin(self, what: str, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside; what goes wrong is logged."""
        task = asyncio.create_task(self._logged(what, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def end(self) -> None:
        """Cancel whatever is not done."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def until_done(self, what: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `work` returns, tried again for as long as storage or the server refuses it, since that may pass.

        Raises Hopeless after MOST_TRIES unexpected errors in a row.
        """
        wait_s, unexpected = SHORTEST_WAIT_S, 0
        while True:
            try:
                return await work()
            except (Fault, StorageError) as error:
                unexpected = 0
                log.error("%s: %s failed, again in %g s: %s", self._of, what, wait_s, error)
            except Exception as error:  # whatever it is, nobody else will do this
                unexpected += 1
                log.exception("%s: %s failed, try %d of %d", self._of, what, unexpected, MOST_TRIES)
                if unexpected == MOST_TRIES:
                    raise Hopeless(f"{what} failed {MOST_TRIES} times") from error
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    async def _logged(self, what: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except (Fault, StorageError) as error:
            log.error("%s: %s failed: %s", self._of, what, error)
        except Exception:  # a task that nobody awaits would fail in silence
            log.exception("%s: %s failed", self._of, what)
