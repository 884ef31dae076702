"""Several jobs at once: bounded, told of as they finish, ended together."""

import asyncio
from contextlib import aclosing
from functools import partial
from typing import Any

import pytest

from mfn_server.concurrency import as_finished
from tests.server.gates import eventually


class Jobs:
    """Jobs that end when they are told to. begun, cancelled: their names, in order."""

    def __init__(self, count: int) -> None:
        self.begun, self.cancelled = list[int](), list[int]()
        self.most_at_once = self._running = 0
        self._ends = [asyncio.Event() for _ in range(count)]

    def all(self) -> list[Any]:
        return [partial(self._run, name) for name in range(len(self._ends))]

    def end(self, *names: int) -> None:
        for name in names:
            self._ends[name].set()

    async def _run(self, name: int) -> int:
        self.begun.append(name)
        self._running += 1
        self.most_at_once = max(self.most_at_once, self._running)
        try:
            await self._ends[name].wait()
        except asyncio.CancelledError:
            self.cancelled.append(name)
            raise
        finally:
            self._running -= 1
        return name


async def test_results_come_in_the_order_of_finishing_and_no_more_run_than_allowed() -> None:
    jobs, seen = Jobs(4), list[int]()
    async with aclosing(as_finished(jobs.all(), 2)) as finished:
        for name in (1, 0, 3, 2):
            jobs.end(name)
            seen.append(await anext(finished))
        assert await anext(finished, None) is None
    assert seen == [1, 0, 3, 2]
    assert jobs.begun == [0, 1, 2, 3]
    assert jobs.most_at_once == 2


async def test_a_consumer_that_asks_for_no_more_begins_no_more() -> None:
    jobs = Jobs(5)
    jobs.end(*range(5))
    async with aclosing(as_finished(jobs.all(), 2)) as finished:
        await anext(finished)
        await asyncio.sleep(0)
        assert jobs.begun == [0, 1]


async def test_a_consumer_that_leaves_ends_what_runs() -> None:
    jobs = Jobs(5)
    jobs.end(0)
    async with aclosing(as_finished(jobs.all(), 3)) as finished:
        assert await anext(finished) == 0
    assert (jobs.begun, sorted(jobs.cancelled)) == ([0, 1, 2], [1, 2])


async def test_a_consumer_that_is_cancelled_ends_what_runs() -> None:
    jobs = Jobs(2)
    finished = as_finished(jobs.all(), 2)
    waiting = asyncio.ensure_future(anext(finished))
    await eventually(lambda: jobs.begun == [0, 1])
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert sorted(jobs.cancelled) == [0, 1]


async def test_the_first_failure_ends_the_others_and_no_later_one_is_complained_of(complaints: Any) -> None:
    async def failing() -> int:
        raise ZeroDivisionError

    jobs = Jobs(1)
    finished = as_finished([failing, failing, *jobs.all()], 3)
    with pytest.raises(ZeroDivisionError):
        await anext(finished)
    assert jobs.cancelled == [0]
    assert complaints() == []


async def test_no_jobs_are_no_results() -> None:
    assert await anext(as_finished(Jobs(0).all(), 3), None) is None
