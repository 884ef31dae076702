"""Worker threads: fair between principals, and done with whoever has left."""

import asyncio
import threading
from collections.abc import AsyncIterator
from functools import partial

import pytest

from mfn_server.compute import Compute, NoWorkerInTime
from mfn_server.sharing import Sharing
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


async def stopping(compute: Compute) -> "asyncio.Task[None]":
    """The threads' end, which waits for the work under way and lets none begin any more."""
    closing = asyncio.create_task(asyncio.to_thread(compute.close))
    while not compute._threads._shutdown:  # noqa: ASYNC110  # a thread pool tells nobody
        await asyncio.sleep(0.001)
    return closing


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
    closing = await stopping(compute)
    gate.set()
    await closing
    assert await held
    with pytest.raises(RuntimeError, match="shutdown"):
        await compute.run("a", lambda: 1)


async def test_work_that_waits_when_the_threads_are_stopped_fails(gate: threading.Event) -> None:
    compute = Compute(workers=1)
    held = await holding(compute, gate)
    waiting = [asyncio.create_task(compute.run("a", lambda: 1)) for _ in range(3)]
    await asyncio.sleep(0)
    closing = await stopping(compute)
    gate.set()
    await closing
    assert await held
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(each) for each in ended] == [RuntimeError] * 3
    assert compute.busy == 0


class TestSharing:
    async def test_idle_threads_help_a_slice_and_count_as_busy(self) -> None:
        compute, meeting = Compute(workers=3), threading.Barrier(3, timeout=60)

        def work(sharing: Sharing) -> tuple[int, int]:
            sharing.share(lambda part: meeting.wait(), range(3))
            return sharing.hands, compute.busy

        for _ in range(50):  # each begins as soon as the one before it has ended, and finds the same threads
            assert await compute.shared("a", work) == (3, 3)
        assert compute.busy == 0
        await asyncio.to_thread(compute.close)

    async def test_a_thread_alone_does_it_all(self) -> None:
        assert await Compute(workers=1).shared("a", lambda sharing: sharing.share(str, range(3))) == ["0", "1", "2"]

    async def test_threads_at_other_work_do_not_help(self, gate: threading.Event) -> None:
        compute = Compute(workers=2)
        held = await holding(compute, gate)
        assert await compute.shared("a", lambda sharing: sharing.hands) == 1
        gate.set()
        await held

    async def test_slices_that_run_together_have_as_many_threads_each(self) -> None:
        compute = Compute(workers=4)

        async def beginning(go: threading.Event) -> "asyncio.Task[int]":
            begun = threading.Event()

            def work(sharing: Sharing) -> int:
                hands = sharing.hands
                begun.set()
                go.wait(60)
                return hands

            task = asyncio.create_task(compute.shared("a", work))
            await asyncio.to_thread(begun.wait, 60)
            return task

        gates = [threading.Event() for _ in range(4)]
        first = await beginning(gates[0])  # alone, with all the threads
        second = await beginning(gates[1])
        gates[0].set()
        hands = [await first]
        third = await beginning(gates[2])
        gates[1].set()
        hands.append(await second)
        fourth = await beginning(gates[3])
        gates[2].set()
        gates[3].set()
        assert [*hands, await third, await fourth] == [4, 1, 2, 2]
        assert compute.busy == 0

    async def test_a_job_that_comes_has_the_thread_of_a_helper_before_the_slice_ends(
        self, gate: threading.Event
    ) -> None:
        compute, begun = Compute(workers=2), threading.Event()

        def work(sharing: Sharing) -> tuple[bool, int]:
            begun.set()
            return gate.wait(60), sharing.hands

        sharing = asyncio.create_task(compute.shared("a", work))
        await asyncio.to_thread(begun.wait, 60)
        assert compute.busy == 2
        assert await compute.run("b", lambda: "done") == "done"
        assert await compute.urgent("b", lambda: "done") == "done"
        assert compute.busy == 1
        gate.set()
        assert await sharing == (True, 1)
        assert compute.busy == 0

    async def test_only_as_many_helpers_leave_as_jobs_wait(self, gate: threading.Event) -> None:
        compute, begun = Compute(workers=4), threading.Event()

        def work(sharing: Sharing) -> int:
            begun.set()
            gate.wait(60)
            return sharing.hands

        sharing = asyncio.create_task(compute.shared("a", work))
        await asyncio.to_thread(begun.wait, 60)
        held = [await holding(compute, gate), await holding(compute, gate)]
        assert compute.busy == 4
        gate.set()
        assert await sharing == 2
        await asyncio.gather(*held)

    async def test_a_slice_that_ends_while_its_helper_is_on_its_way_back_leaves_nothing_behind(self) -> None:
        compute = Compute(workers=2)
        for _ in range(200):
            begun = threading.Event()

            def work(sharing: Sharing, begun: threading.Event = begun) -> list[int]:
                begun.set()
                return sharing.share(lambda part: part, range(3))

            slice_, job = compute.shared("a", work), compute.run("b", lambda: 5)
            assert tuple(await asyncio.gather(slice_, job)) == ([0, 1, 2], 5)
        assert compute.busy == 0
        assert compute._helpers == {}

    async def test_an_error_of_a_part_reaches_who_asked_and_the_threads_go_on(self) -> None:
        compute = Compute(workers=2)
        with pytest.raises(ZeroDivisionError):
            await compute.shared("a", lambda sharing: sharing.share(lambda part: 1 // part, [1, 0, 1]))
        assert await compute.shared("a", lambda sharing: sharing.hands) == 2

    async def test_a_slice_whose_caller_left_keeps_its_helpers_until_it_ends(self, gate: threading.Event) -> None:
        compute, begun, meeting = Compute(workers=2), threading.Event(), threading.Barrier(2, timeout=60)
        shared = list[list[int]]()

        def work(sharing: Sharing) -> None:
            sharing.share(lambda part: meeting.wait(), range(2))  # the helper has come
            begun.set()
            gate.wait(60)
            shared.append(sharing.share(lambda part: meeting.wait() * 0, range(2)))

        task = asyncio.create_task(compute.shared("a", work))
        await asyncio.to_thread(begun.wait, 60)
        task.cancel()
        await asyncio.wait([task])
        gate.set()
        await asyncio.to_thread(compute.close)
        assert shared == [[0, 0]]

    async def test_closing_ends_every_thread(self) -> None:
        before = set(threading.enumerate())
        compute = Compute(workers=4)
        await compute.shared("a", lambda sharing: sharing.share(str, range(8)))
        await asyncio.to_thread(compute.close)
        left = {each.name for each in set(threading.enumerate()) - before}
        assert not {name for name in left if name.startswith("mfn-compute")}
