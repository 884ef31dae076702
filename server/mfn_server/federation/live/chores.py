"""Work that a federation does beside its events: tasks that are kept hold of, and ended with it."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from mfn_server.errors import Fault
from mfn_server.federation.storage.errors import StorageError

SHORTEST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
T = TypeVar("T")
log = logging.getLogger(__name__)


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
        """What `work` returns, tried again for as long as it fails: it must be done, and a fault may pass."""
        wait_s = SHORTEST_WAIT_S
        while True:
            try:
                return await work()
            except (Fault, StorageError) as error:
                log.error("%s: %s failed, again in %g s: %s", self._of, what, wait_s, error)
            except Exception:  # whatever it is, nobody else will do this
                log.exception("%s: %s failed, again in %g s", self._of, what, wait_s)
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    async def _logged(self, what: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except (Fault, StorageError) as error:
            log.error("%s: %s failed: %s", self._of, what, error)
        except Exception:  # a task that nobody awaits would fail in silence
            log.exception("%s: %s failed", self._of, what)
