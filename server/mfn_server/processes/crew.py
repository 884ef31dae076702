"""Keeps a number of workers running: starts them, and again those that end."""

import asyncio
import logging
import signal
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from mfn_server.processes.channel import Message
from mfn_server.processes.handle import Handle, State
from mfn_server.processes.merging import Family, counted, merged
from mfn_server.processes.running import UNABLE

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """How long to wait before a worker is started again: twice as long each time it ends soon, up to the most."""

    first_s: float = 0.5
    most_s: float = 30.0
    settled_s: float = 60.0
    """A worker that ran for so long has not failed at its start."""

    def after(self, lived_s: float, waited_s: float) -> float:
        """The wait after a worker that lived so long, and was waited for that long."""
        return self.first_s if lived_s >= self.settled_s or not waited_s else min(2 * waited_s, self.most_s)


class Crew:
    """Workers with the numbers 1 to `count`, while `keep` runs.

    begin: what the worker of a number is told. ended: what the counters of those that are no more came to. deaths: how
    many ended without being told to. code: the exit code of all of them together: that of one that could not start,
    where none ever has, or could not end well; else 0.
    """

    def __init__(
        self,
        count: int,
        begin: Callable[[int], Message],
        start: Callable[[Message], Coroutine[Any, Any, Handle]] = Handle.start,
        pace: Pace = Pace(),
    ) -> None:
        self._count, self._begin, self._start, self._pace = count, begin, start, pace
        self._alive: dict[int, Handle] = {}
        self._stopping, self._first_warm = asyncio.Event(), asyncio.Event()
        self._any_listened = False
        self.ended: list[Family] = []
        self.deaths = 0
        self.code = 0

    @property
    def alive(self) -> list[Handle]:
        """The workers that run."""
        return list(self._alive.values())

    def states(self) -> Counter[State]:
        """How many there are in each state; those that do not run wait."""
        found = Counter(handle.state for handle in self.alive)
        found[State.WAITING] += self._count - len(self._alive)
        return found

    async def keep(self) -> None:
        """Until `stop`, or until one cannot start where none ever has, and then until all have ended."""
        async with asyncio.TaskGroup() as slots:
            for number in range(1, self._count + 1):
                slots.create_task(self._keep(number))

    def stop(self) -> None:
        """Have every worker drain and end."""
        self._stopping.set()
        self._first_warm.set()
        self.signal(signal.SIGTERM)

    def signal(self, number: signal.Signals) -> None:
        """Send all of them a signal."""
        for handle in self.alive:
            handle.send_signal(number)

    async def _keep(self, number: int) -> None:
        if number > 1:  # the first fills the cache of kernels, which all would compile beside each other
            await self._first_warm.wait()
        loop, wait_s = asyncio.get_running_loop(), 0.0
        while not self._stopping.is_set():
            began = loop.time()
            code = await self._run(number)
            if self._stopping.is_set():
                self.code = max(self.code, code)
                return
            self.deaths += 1
            if code > 0 and not (self._any_listened or any(each.listening for each in self.alive)):
                self.code = code
                self.stop()
                return
            wait_s = self._pace.after(loop.time() - began, wait_s)
            log.error("worker %d has ended (%s); it is started again in %.1f s", number, _how(code), wait_s)
            await self._pause(wait_s)

    async def _run(self, number: int) -> int:
        """One life of a worker; its exit code."""
        try:
            others_serve = any(each.warm.is_set() for each in self.alive)
            begin = self._begin(number) | {"warm_first": others_serve}
            handle = self._alive[number] = await self._start(begin)
        except OSError as error:
            log.critical("no process can be started: %s", error)
            return UNABLE
        log.info("worker %d is process %d", number, handle.pid)
        if self._stopping.is_set():
            handle.send_signal(signal.SIGTERM)
        warm = asyncio.create_task(self._when_warm(handle))
        try:
            return await handle.ended()
        finally:
            warm.cancel()
            self._any_listened |= handle.listening
            self.ended = merged([counted(handle.metrics)], self.ended)
            del self._alive[number]

    async def _when_warm(self, handle: Handle) -> None:
        await handle.warm.wait()
        self._first_warm.set()

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


def _how(code: int) -> str:
    """How a process ended."""
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
