"""Worker threads: fair between principals, and done with whoever has left."""

import asyncio
import threading
from collections.abc import AsyncIterator
from functools import partial

import pytest

from mfn_server.compute import Compute, NoWorkerInTime
from tests.server.conftest import Complaints


@pytest.fixture
async def gate() -> AsyncIterator[threading.Event]:
    """Opens at the end of the test at the latest, so that no thread is left behind it."""
    event = threading.Event()
    yield event
    event.set()


async def holding(compute: Compute, gate: threading.Event) -> "asyncio.Task[bool]":
    """Work of a principal "holder" that occupies a worker until the gate opens."""
    begun = threading.Event()

    def hold() -> bool:
        begun.set()
        return gate.wait(60)

    task = asyncio.create_task(compute.run("holder", hold))
    await asyncio.to_thread(begun.wait, 60)
    return task


async def asked_for(compute: Compute, done: list[str], *names: str) -> "list[asyncio.Task[None]]":
    """Work that notes its name; its principal is the name's first letter. All of it waits when this returns."""
    tasks = [asyncio.create_task(compute.run(name[0], partial(done.append, name))) for name in names]
    await asyncio.sleep(0)  # lets every task reach its place in the queue
    return tasks


async def test_the_turn_goes_round_between_principals_however_much_one_of_them_asks_for(gate: threading.Event) -> None:
    compute, done = Compute(workers=1), list[str]()
    held = await holding(compute, gate)
    tasks = await asked_for(compute, done, "a1", "a2", "a3", "a4", "b1", "c1", "b2")
    gate.set()
    await asyncio.gather(held, *tasks)
    assert done == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]


async def test_a_principal_that_comes_late_waits_for_one_slice_of_the_others_only(gate: threading.Event) -> None:
    compute, done = Compute(workers=1), list[str]()
    held = await holding(compute, gate)
    tasks = await asked_for(compute, done, "a1", "b1", "a2", "b2", "a3", "b3", "c1")
    gate.set()
    await asyncio.gather(held, *tasks)
    assert done.index("c1") == 2


async def test_short_jobs_go_before_every_slice_and_in_turn_between_principals(gate: threading.Event) -> None:
    compute, done = Compute(workers=1), list[str]()
    held = await holding(compute, gate)
    slices = await asked_for(compute, done, "a1", "b1", "a2")
    jobs = [asyncio.create_task(compute.urgent(name[0], partial(done.append, name))) for name in ("a3", "a4", "b2")]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(held, *slices, *jobs)
    assert done == ["a3", "b2", "a4", "a1", "b1", "a2"]


async def test_short_jobs_have_no_more_workers_than_there_are(gate: threading.Event) -> None:
    compute, done = Compute(workers=1), list[str]()
    held = await holding(compute, gate)
    job = asyncio.create_task(compute.urgent("a", partial(done.append, "a1")))
    await asyncio.sleep(0)
    assert (compute._running, done) == (1, [])
    gate.set()
    await asyncio.gather(held, job)
    assert done == ["a1"]


async def test_work_that_no_worker_takes_in_time_is_given_up_and_never_done(gate: threading.Event) -> None:
    compute, done = Compute(workers=1), list[str]()
    held = await holding(compute, gate)
    for lane in (compute.run, compute.urgent):
        with pytest.raises(NoWorkerInTime):
            await lane("a", partial(done.append, "a1"), 0.0)
    gate.set()
    await held
    assert await compute.run("b", lambda: "after") == "after"
    assert done == []


async def test_work_that_has_begun_is_awaited_however_short_its_caller_is_of_time(gate: threading.Event) -> None:
    compute, begun = Compute(workers=1), threading.Event()

    def work() -> bool:
        begun.set()
        return gate.wait(60)

    task = asyncio.create_task(compute.run("a", work, 0.0))
    await asyncio.to_thread(begun.wait, 60)
    await asyncio.sleep(0.01)  # longer than its patience
    assert not task.done()
    gate.set()
    assert await task


async def test_work_that_waits_is_dropped_when_its_caller_leaves(gate: threading.Event) -> None:
    compute, done = Compute(workers=1), list[str]()
    held = await holding(compute, gate)
    tasks = await asked_for(compute, done, "a1", "a2", "b1")
    tasks[0].cancel()
    gate.set()
    await asyncio.gather(held, *tasks, return_exceptions=True)
    assert sorted(done) == ["a2", "b1"]
    assert tasks[0].cancelled()


async def test_work_that_has_begun_ends_by_itself_and_gives_its_worker_back(gate: threading.Event) -> None:
    compute = Compute(workers=1)
    held = await holding(compute, gate)
    held.cancel()
    waiting = asyncio.create_task(compute.run("a", gate.is_set))
    await asyncio.wait([held])
    assert held.cancelled()
    assert not waiting.done()
    gate.set()
    assert await waiting


async def test_work_that_fails_after_its_caller_left_is_no_unretrieved_exception(
    gate: threading.Event, complaints: Complaints
) -> None:
    compute, begun = Compute(workers=1), threading.Event()

    def fail() -> None:
        begun.set()
        gate.wait(60)
        raise ZeroDivisionError

    task = asyncio.create_task(compute.run("a", fail))
    await asyncio.to_thread(begun.wait, 60)
    task.cancel()
    await asyncio.wait([task])
    gate.set()
    assert await compute.run("b", lambda: "still works") == "still works"
    assert complaints() == []


async def test_an_exception_reaches_who_asked_and_the_worker_goes_on() -> None:
    compute = Compute(workers=1)
    with pytest.raises(ZeroDivisionError, match="by this work"):
        await compute.run("a", _divide)
    assert await compute.run("a", lambda: 5) == 5


def _divide() -> None:
    raise ZeroDivisionError("by this work")


async def test_as_many_slices_run_together_as_there_are_workers_and_no_more(gate: threading.Event) -> None:
    compute, done = Compute(workers=2), list[str]()
    held = [await holding(compute, gate), await holding(compute, gate)]
    tasks = await asked_for(compute, done, "a1")
    assert compute._running == 2
    assert done == []
    gate.set()
    await asyncio.gather(*held, *tasks)
    assert done == ["a1"]
    assert compute._running == 0


async def test_closing_waits_for_running_work_and_takes_no_more(gate: threading.Event) -> None:
    compute = Compute(workers=1)
    held = await holding(compute, gate)
    closing = asyncio.create_task(asyncio.to_thread(compute.close))
    gate.set()
    await closing
    assert await held
    with pytest.raises(RuntimeError, match="shutdown"):
        await compute.run("a", lambda: 1)
