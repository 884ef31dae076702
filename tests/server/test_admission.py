"""Admission: bounded work, bounded bytes, a bounded queue that is served in order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import grpc
import pytest

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.admission import LONGEST_RETRY_S, SHORTEST_RETRY_S, Admission
from mfn_server.errors import Fault


class Job:
    """Something that holds its place until it is told to finish."""

    def __init__(self, admission: Admission, size: int = 1) -> None:
        self.admitted, self.finish = asyncio.Event(), asyncio.Event()
        self.task = asyncio.create_task(self._run(admission, size))

    async def _run(self, admission: Admission, size: int) -> None:
        async with admission.admit(size):
            self.admitted.set()
            await self.finish.wait()

    async def end(self) -> None:
        self.finish.set()
        await self.task


async def started(admission: Admission, *sizes: int) -> list[Job]:
    """Jobs that have asked for their place, in this order."""
    jobs = [Job(admission, size) for size in sizes]
    await settled()
    return jobs


async def settled() -> None:
    """Lets every task run until it waits; nothing here waits for anything but the other tasks."""
    for _ in range(5):
        await asyncio.sleep(0)


def inside(jobs: list[Job]) -> list[int]:
    return [i for i, job in enumerate(jobs) if job.admitted.is_set()]


@asynccontextmanager
async def ending(jobs: list[Job]) -> AsyncIterator[None]:
    yield
    for job in jobs:
        job.finish.set()
    await asyncio.gather(*(job.task for job in jobs), return_exceptions=True)


async def refusal(admission: Admission, size: int = 1, patience_s: float | None = None) -> Fault:
    with pytest.raises(Fault) as caught:
        async with admission.admit(size, patience_s):
            pytest.fail("admitted beyond the limits")
    return caught.value


async def test_no_more_jobs_run_than_allowed_and_the_next_comes_in_when_one_leaves() -> None:
    admission = Admission(max_running=2, max_queued=8, max_bytes=100)
    jobs = await started(admission, 1, 1, 1)
    async with ending(jobs):
        assert (inside(jobs), admission.running, admission.queued) == ([0, 1], 2, 1)
        await jobs[0].end()
        await settled()
        assert (inside(jobs), admission.running, admission.queued) == ([0, 1, 2], 2, 0)
    assert (admission.running, admission.bytes_held) == (0, 0)


async def test_no_more_bytes_are_held_than_allowed() -> None:
    admission = Admission(max_running=8, max_queued=8, max_bytes=100)
    jobs = await started(admission, 60, 41, 40)
    async with ending(jobs):
        assert (inside(jobs), admission.bytes_held) == ([0], 60)
        await jobs[0].end()
        await settled()
        assert (inside(jobs), admission.bytes_held) == ([0, 1, 2], 81)


async def test_a_small_job_does_not_overtake_a_large_one_that_came_first() -> None:
    admission = Admission(max_running=8, max_queued=8, max_bytes=100)
    jobs = await started(admission, 60, 50, 10)
    async with ending(jobs):
        assert inside(jobs) == [0]


async def test_the_queue_is_served_in_the_order_of_arrival() -> None:
    admission = Admission(max_running=1, max_queued=8, max_bytes=100)
    jobs = await started(admission, 1, 1, 1, 1)
    for i, job in enumerate(jobs):
        assert inside(jobs) == list(range(i + 1))
        await job.end()
        await settled()


async def test_beyond_the_queue_a_job_is_refused_with_a_time_to_come_back() -> None:
    admission = Admission(max_running=1, max_queued=1, max_bytes=100)
    jobs = await started(admission, 1, 1)
    async with ending(jobs):
        fault = await refusal(admission)
        assert fault.reason == reasons.ERROR_REASON_OVERLOADED
        assert fault.status_code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert fault.retry_after_s is not None
        assert SHORTEST_RETRY_S <= fault.retry_after_s <= LONGEST_RETRY_S
        assert (admission.running, admission.queued) == (1, 1)


async def test_the_time_to_come_back_grows_with_the_queue_and_with_how_long_jobs_take() -> None:
    admission = Admission(max_running=2, max_queued=3, max_bytes=100)
    admission._typical_s = 4.0
    assert admission._retry_after_s() == pytest.approx(2.0)
    jobs = await started(admission, 1, 1, 1, 1)
    async with ending(jobs):
        assert admission._retry_after_s() == pytest.approx(6.0)
        admission._typical_s = 1e9
        assert admission._retry_after_s() == LONGEST_RETRY_S
        admission._typical_s = 0.0
        assert admission._retry_after_s() == SHORTEST_RETRY_S


async def test_a_job_that_could_never_fit_is_refused_without_a_time_to_come_back() -> None:
    fault = await refusal(Admission(max_running=1, max_queued=1, max_bytes=100), size=101)
    assert fault.reason == reasons.ERROR_REASON_OVERLOADED
    assert fault.retry_after_s is None
    assert "101" in fault.message
    assert "100" in fault.message


async def test_a_job_that_leaves_the_queue_makes_room_for_those_behind_it() -> None:
    admission = Admission(max_running=8, max_queued=8, max_bytes=100)
    jobs = await started(admission, 60, 50, 10)
    async with ending(jobs):
        jobs[1].task.cancel()
        await settled()
        assert inside(jobs) == [0, 2]
        assert (admission.running, admission.queued, admission.bytes_held) == (2, 0, 70)


async def test_a_job_cancelled_just_as_it_is_admitted_gives_its_place_on() -> None:
    admission = Admission(max_running=1, max_queued=8, max_bytes=100)
    async with AsyncExitStack() as first:
        await first.enter_async_context(admission.admit(1))
        jobs = await started(admission, 1, 1)
    assert (admission.running, admission.queued) == (1, 1)  # granted to job 0, whose task has not run since
    async with ending(jobs):
        jobs[0].task.cancel()
        await settled()
        assert jobs[0].task.cancelled()
        assert inside(jobs) == [1]
    assert (admission.running, admission.bytes_held, admission.queued) == (0, 0, 0)


async def test_a_job_that_can_wait_no_longer_is_refused_and_makes_room_for_those_behind_it() -> None:
    admission = Admission(max_running=8, max_queued=8, max_bytes=100)
    jobs = await started(admission, 60)
    async with ending(jobs):
        impatient = asyncio.create_task(refusal(admission, 50, patience_s=0.01))
        jobs += await started(admission, 10)
        assert (inside(jobs), admission.queued) == ([0], 2)
        fault = await impatient
        assert fault.reason == reasons.ERROR_REASON_DEADLINE_TOO_SHORT
        assert fault.status_code is grpc.StatusCode.DEADLINE_EXCEEDED
        assert "waited in the queue" in fault.message
        assert fault.metadata == {"steps_done": "0"}
        await settled()
        assert (inside(jobs), admission.queued, admission.bytes_held) == ([0, 1], 0, 70)


async def test_a_job_that_need_not_wait_is_admitted_however_short_of_time_it_is() -> None:
    admission = Admission(max_running=1, max_queued=0, max_bytes=100)
    async with admission.admit(1, patience_s=0.0):
        assert admission.running == 1


async def test_a_job_cancelled_just_as_it_gives_up_frees_nothing_that_it_did_not_hold() -> None:
    admission = Admission(max_running=1, max_queued=8, max_bytes=100)
    jobs = await started(admission, 1, 1)
    async with ending(jobs):
        admission._give_up(admission._queue[0])
        jobs[1].task.cancel()
        await settled()
        assert (admission.running, admission.bytes_held, admission.queued) == (1, 1, 0)


async def test_only_jobs_that_completed_count_towards_how_long_one_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 100.0, 100.0, 107.0])  # a job that did not complete asks for no second time
    monkeypatch.setattr("mfn_server.admission.monotonic", lambda: next(clock))
    admission = Admission(max_running=1, max_queued=0, max_bytes=100)
    async with admission.admit(1):
        pass
    assert admission._typical_s == 1.0
    with pytest.raises(ZeroDivisionError):
        async with admission.admit(1):
            raise ZeroDivisionError
    assert admission._typical_s == 1.0
    async with admission.admit(1) as place:
        place.completed = True
    assert admission._typical_s == pytest.approx(1.0 + 0.2 * (7.0 - 1.0))


async def test_a_job_that_fails_gives_its_place_back() -> None:
    admission = Admission(max_running=1, max_queued=0, max_bytes=100)
    with pytest.raises(ZeroDivisionError):
        async with admission.admit(100):
            raise ZeroDivisionError
    async with admission.admit(100):
        assert admission.running == 1
