"""Workers are started one after another, started again when they end, and all ended at the stop."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from mfn_server.processes.crew import Crew, Pace
from mfn_server.processes.handle import State
from mfn_server.processes.merging import Family

AT_ONCE = Pace(first_s=0.0, most_s=0.0)


class FakeWorker:
    """A worker without a process."""

    pid = 0

    def __init__(self, begin: dict[str, Any]) -> None:
        self.begin, self.signals = begin, list[signal.Signals]()
        self.listening = self.silent = False
        self.warm = asyncio.Event()
        self.metrics: list[Family] = []
        self.code_at_signal = 0
        self._code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def state(self) -> State:
        return State.SERVING if self.warm.is_set() else State.STARTING

    def serve(self) -> None:
        self.listening = True
        self.warm.set()

    def end(self, code: int) -> None:
        self._code.set_result(code)

    async def ended(self) -> int:
        return await self._code

    def send_signal(self, number: signal.Signals) -> None:
        self.signals.append(number)
        if not self._code.done():
            self._code.set_result(self.code_at_signal)


class Started:
    """Every worker that was started, in the order of starting."""

    def __init__(self) -> None:
        self.workers: list[FakeWorker] = []

    async def __call__(self, begin: dict[str, Any]) -> Any:
        self.workers.append(FakeWorker(begin))
        return self.workers[-1]

    @property
    def numbers(self) -> list[int]:
        return [worker.begin["worker"] for worker in self.workers]


def crew_of(count: int, start: Any, pace: Pace = AT_ONCE) -> Crew:
    return Crew(count, lambda number: {"worker": number}, start, pace)


async def until(holds: Callable[[], bool]) -> None:
    """Let the others go on until it holds."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110  # nobody sets an event: the crew's own tasks must go on
            await asyncio.sleep(0)


@asynccontextmanager
async def crew_at_work(count: int) -> AsyncIterator[tuple[Crew, Started]]:
    """A crew whose first worker has been started; left when it has ended."""
    start = Started()
    crew = crew_of(count, start)
    async with asyncio.TaskGroup() as group:
        group.create_task(crew.keep())
        await until(lambda: len(start.workers) == 1)
        yield crew, start


async def first_serves(start: Started) -> None:
    """Until the second worker has been started, too."""
    start.workers[0].serve()
    await until(lambda: len(start.workers) == 2)


async def test_the_others_start_when_the_first_is_warm_and_listen_only_when_they_are() -> None:
    async with crew_at_work(3) as (crew, start):
        assert crew.states() == {State.STARTING: 1, State.WAITING: 2}
        for _ in range(10):
            await asyncio.sleep(0)
        assert start.numbers == [1]
        start.workers[0].serve()
        await until(lambda: len(start.workers) == 3)
        crew.stop()
    assert sorted(start.numbers) == [1, 2, 3]
    assert [worker.begin["warm_first"] for worker in start.workers] == [False, True, True]
    assert all(worker.signals == [signal.SIGTERM] for worker in start.workers)
    assert crew.code == 0


async def test_a_worker_that_ends_is_started_again_and_what_it_counted_stays() -> None:
    async with crew_at_work(2) as (crew, start):
        await first_serves(start)
        key = ("calls_total", ())
        start.workers[0].metrics = [Family("calls", "", "counter", {key: 5.0}), Family("open", "", "gauge", {})]
        start.workers[0].end(-9)
        await until(lambda: len(start.workers) == 3)
        crew.stop()
    assert start.numbers == [1, 2, 1]
    assert crew.deaths == 1
    assert [(family.name, family.samples) for family in crew.ended] == [("calls", {key: 5.0})]


async def test_where_none_has_ever_listened_one_that_cannot_start_ends_all_with_its_code() -> None:
    async with crew_at_work(2) as (crew, start):
        start.workers[0].end(2)
    assert (crew.code, start.numbers) == (2, [1])


async def test_one_that_cannot_start_beside_others_is_tried_again() -> None:
    async with crew_at_work(2) as (crew, start):
        await first_serves(start)
        start.workers[1].end(2)
        await until(lambda: len(start.workers) == 3)
        crew.stop()
    assert (crew.code, start.numbers) == (0, [1, 2, 2])


async def test_a_system_that_starts_no_process_ends_with_1() -> None:
    async def none(begin: dict[str, Any]) -> Any:
        raise BlockingIOError("no more processes")

    crew = crew_of(2, none)
    await crew.keep()
    assert crew.code == 1


async def test_one_that_does_not_end_well_gives_its_code_to_all() -> None:
    async with crew_at_work(2) as (crew, start):
        await first_serves(start)
        start.workers[0].code_at_signal = 1
        crew.stop()
    assert crew.code == 1


def test_the_wait_doubles_up_to_the_most_and_begins_anew_after_a_life_long_enough() -> None:
    pace = Pace(first_s=1.0, most_s=5.0, settled_s=60.0)
    waits = [0.0]
    for _ in range(4):
        waits.append(pace.after(1.0, waits[-1]))
    assert waits[1:] == [1.0, 2.0, 4.0, 5.0]
    assert pace.after(60.0, 5.0) == 1.0
