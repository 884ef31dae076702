"""Admission: bounded work, bounded bytes, a bounded queue, and who of those that wait comes next."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import grpc
import pytest

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.admission import LONGEST_RETRY_S, SHORTEST_RETRY_S, Admission
from mfn_server.errors import Fault

PATIENCE_S = 60.0


class Job:
    """Something that holds its place until it is told to finish."""

    def __init__(self, place: AbstractAsyncContextManager[object]) -> None:
        self.admitted, self.finish = asyncio.Event(), asyncio.Event()
        self.task = asyncio.create_task(self._run(place))

    async def _run(self, place: AbstractAsyncContextManager[object]) -> None:
        async with place:
            self.admitted.set()
            await self.finish.wait()

    async def end(self) -> None:
        self.finish.set()
        await self.task


async def started(admission: Admission, *sizes: int, principal: str = "alice") -> list[Job]:
    """Jobs of these sizes that have asked for their place, in this order."""
    return await asked(*(admission.admit(principal, size) for size in sizes))


async def asked(*places: AbstractAsyncContextManager[object]) -> list[Job]:
    """Jobs that have asked for these places, in this order."""
    jobs = [Job(place) for place in places]
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
        async with admission.admit("alice", size, patience_s):
            pytest.fail("admitted beyond the limits")
    return caught.value


async def test_no_more_jobs_run_than_allowed_and_the_next_comes_in_when_one_leaves() -> None:
    admission = Admission(max_running=2, max_queued=8, max_bytes=100, max_streams=4)
    jobs = await started(admission, 1, 1, 1)
    async with ending(jobs):
        assert (inside(jobs), admission.running, admission.queued) == ([0, 1], 2, 1)
        await jobs[0].end()
        await settled()
        assert (inside(jobs), admission.running, admission.queued) == ([0, 1, 2], 2, 0)
    assert (admission.running, admission.bytes_held) == (0, 0)


async def test_no_more_bytes_are_held_than_allowed() -> None:
    admission = Admission(max_running=8, max_queued=8, max_bytes=100, max_streams=4)
    jobs = await started(admission, 60, 41, 59)
    async with ending(jobs):
        assert (inside(jobs), admission.bytes_held) == ([0], 60)
        await jobs[0].end()
        await settled()
        assert (inside(jobs), admission.bytes_held) == ([0, 1, 2], 100)


class TestPassing:
    """Bytes: 100. A large job that waits for them, and small ones that do not."""

    def admission(self, max_running: int = 8) -> Admission:
        return Admission(max_running=max_running, max_queued=8, max_bytes=100, max_streams=4)

    async def test_what_fits_passes_a_large_job_that_could_not_run_anyway_as_often_as_it_comes(self) -> None:
        admission = self.admission()
        jobs = await started(admission, 60, 50)
        async with ending(jobs):
            for _ in range(20):
                (small,) = await started(admission, 40)
                assert small.admitted.is_set()
                await small.end()
            assert inside(jobs) == [0]

    async def test_once_only_those_that_passed_it_stand_in_its_way_no_other_takes_bytes_before_it(self) -> None:
        admission = self.admission()
        first, _, *passing = jobs = await started(admission, 60, 90, 20, 20)
        async with ending(jobs):
            assert inside(jobs) == [0, 2, 3]
            await first.end()
            jobs += await started(admission, 1)
            jobs += await started(admission, 1, principal="bob")
            assert inside(jobs) == [0, 2, 3]
            await passing[0].end()
            await settled()
            assert inside(jobs) == [0, 2, 3]
            await passing[1].end()
            await settled()
            assert inside(jobs) == [0, 1, 2, 3, 4, 5]

    async def test_a_large_job_is_let_in_however_many_small_ones_keep_coming(self) -> None:
        admission = self.admission()
        first, large = jobs = await started(admission, 60, 100)
        async with ending(jobs):
            for _ in range(6):
                jobs += await started(admission, 5)
            await first.end()
            for i in range(6):
                assert not large.admitted.is_set()
                jobs += await started(admission, 5)
                await jobs[2 + i].end()
            await settled()
            assert inside(jobs) == [0, 1, 2, 3, 4, 5, 6, 7]

    async def test_of_two_large_jobs_the_older_one_goes_first(self) -> None:
        admission = self.admission()
        first, *_ = jobs = await started(admission, 60, 90, 80, 10)
        async with ending(jobs):
            await first.end()
            await jobs[3].end()
            await settled()
            assert inside(jobs) == [0, 1, 3]

    async def test_a_reserving_job_that_leaves_lets_the_others_in(self) -> None:
        admission = self.admission()
        first, large, *_ = jobs = await started(admission, 60, 90, 20)
        async with ending(jobs):
            await first.end()
            jobs += await started(admission, 30)
            assert inside(jobs) == [0, 2]
            large.task.cancel()
            await settled()
            assert inside(jobs) == [0, 2, 3]
        assert (admission.running, admission.bytes_held, admission.queued) == (0, 0, 0)

    async def test_a_frame_of_an_open_stream_takes_a_slot_while_bytes_are_reserved(self) -> None:
        admission = self.admission()
        first, *_ = jobs = await started(admission, 60, 90, 20)
        async with ending(jobs):
            await first.end()
            jobs += await asked(admission.slot("alice"))
            assert inside(jobs) == [0, 2, 3]


async def test_the_turn_goes_round_between_principals_and_in_order_for_each() -> None:
    admission = Admission(max_running=1, max_queued=8, max_bytes=100, max_streams=4)
    jobs = await started(admission, 1, 1, 1, 1)
    jobs += await started(admission, 1, 1, principal="bob")
    jobs += await started(admission, 1, principal="carol")
    order = [0]
    while len(order) < len(jobs):
        await jobs[order[-1]].end()
        await settled()
        (entered,) = set(inside(jobs)) - set(order)
        order.append(entered)
    assert order == [0, 1, 4, 6, 2, 5, 3]
    await jobs[order[-1]].end()


class TestStreams:
    async def test_a_stream_holds_bytes_and_no_slot_and_a_frame_a_slot_and_no_bytes(self) -> None:
        admission = Admission(max_running=1, max_queued=0, max_bytes=100, max_streams=4)
        async with admission.hold("alice", 60):
            assert (admission.running, admission.bytes_held) == (0, 60)
            async with admission.slot("alice"):
                assert (admission.running, admission.bytes_held) == (1, 60)
            fault = await refusal(admission, 41)
            assert fault.reason == reasons.ERROR_REASON_OVERLOADED
        assert (admission.running, admission.bytes_held) == (0, 0)

    async def test_beyond_the_most_that_may_be_open_a_stream_is_refused_with_a_time_to_come_back(self) -> None:
        admission = Admission(max_running=1, max_queued=0, max_bytes=100, max_streams=2)
        with admission.open_stream():
            with admission.open_stream(), pytest.raises(Fault, match="2 streams are open") as caught:
                admission.open_stream().__enter__()
            assert caught.value.reason == reasons.ERROR_REASON_OVERLOADED
            assert caught.value.retry_after_s == LONGEST_RETRY_S
            assert admission.streams == 1
        assert admission.streams == 0

    async def test_a_frame_waits_for_its_slot_outside_the_bounded_queue(self) -> None:
        admission = Admission(max_running=1, max_queued=1, max_bytes=100, max_streams=4)
        jobs = await asked(admission.admit("alice", 1), admission.slot("alice"), admission.slot("bob"))
        async with ending(jobs):
            assert (inside(jobs), admission.queued) == ([0], 0)
            jobs += await started(admission, 1)
            assert admission.queued == 1
            assert (await refusal(admission)).reason == reasons.ERROR_REASON_OVERLOADED
            await jobs[0].end()
            await settled()
            assert inside(jobs) == [0, 1]
            jobs[2].task.cancel()
            await jobs[1].end()
            await settled()
            assert inside(jobs) == [0, 1, 3]
        assert (admission.running, admission.bytes_held, admission.queued) == (0, 0, 0)

    async def test_a_frame_whose_deadline_is_near_is_refused_and_holds_nothing(self) -> None:
        admission = Admission(max_running=1, max_queued=0, max_bytes=100, max_streams=4)
        async with admission.admit("alice", 1):
            with pytest.raises(Fault) as caught:
                async with admission.slot("bob", patience_s=0.0):
                    pytest.fail("admitted beyond the limits")
            assert caught.value.reason == reasons.ERROR_REASON_DEADLINE_TOO_SHORT
        assert (admission.running, admission.bytes_held) == (0, 0)


async def test_the_queue_is_served_in_the_order_of_arrival() -> None:
    admission = Admission(max_running=1, max_queued=8, max_bytes=100, max_streams=4)
    jobs = await started(admission, 1, 1, 1, 1)
    for i, job in enumerate(jobs):
        assert inside(jobs) == list(range(i + 1))
        await job.end()
        await settled()


async def test_beyond_the_queue_a_job_is_refused_with_a_time_to_come_back() -> None:
    admission = Admission(max_running=1, max_queued=1, max_bytes=100, max_streams=4)
    jobs = await started(admission, 1, 1)
    async with ending(jobs):
        fault = await refusal(admission)
        assert fault.reason == reasons.ERROR_REASON_OVERLOADED
        assert fault.status_code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert fault.retry_after_s is not None
        assert SHORTEST_RETRY_S <= fault.retry_after_s <= LONGEST_RETRY_S
        assert (admission.running, admission.queued) == (1, 1)


async def test_the_time_to_come_back_grows_with_the_queue_and_with_how_long_jobs_take() -> None:
    admission = Admission(max_running=2, max_queued=3, max_bytes=100, max_streams=4)
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
    fault = await refusal(Admission(max_running=1, max_queued=1, max_bytes=100, max_streams=4), size=101)
    assert fault.reason == reasons.ERROR_REASON_OVERLOADED
    assert fault.retry_after_s is None
    assert "101" in fault.message
    assert "100" in fault.message


async def test_a_job_cancelled_just_as_it_is_admitted_gives_its_place_on() -> None:
    admission = Admission(max_running=1, max_queued=8, max_bytes=100, max_streams=4)
    async with AsyncExitStack() as first:
        await first.enter_async_context(admission.admit("alice", 1))
        jobs = await started(admission, 1, 1)
    assert (admission.running, admission.queued) == (1, 1)  # granted to job 0, whose task has not run since
    async with ending(jobs):
        jobs[0].task.cancel()
        await settled()
        assert jobs[0].task.cancelled()
        assert inside(jobs) == [1]
    assert (admission.running, admission.bytes_held, admission.queued) == (0, 0, 0)


async def test_a_job_that_can_wait_no_longer_is_refused_and_makes_room_for_those_behind_it() -> None:
    admission = Admission(max_running=8, max_queued=8, max_bytes=100, max_streams=4)
    jobs = await started(admission, 60)
    async with ending(jobs):
        impatient = asyncio.create_task(refusal(admission, 90, patience_s=PATIENCE_S))
        await settled()
        jobs += await started(admission, 20)
        await jobs[0].end()
        jobs += await started(admission, 10)
        assert (inside(jobs), admission.queued) == ([0, 1], 2)
        admission._give_up(next(iter(admission._queue)))
        fault = await impatient
        assert fault.reason == reasons.ERROR_REASON_DEADLINE_TOO_SHORT
        assert fault.status_code is grpc.StatusCode.DEADLINE_EXCEEDED
        assert "waited in the queue" in fault.message
        assert fault.metadata == {"steps_done": "0"}
        await settled()
        assert (inside(jobs), admission.queued, admission.bytes_held) == ([0, 1, 2], 0, 30)


async def test_patience_ends_by_itself() -> None:
    admission = Admission(max_running=1, max_queued=8, max_bytes=100, max_streams=4)
    async with admission.admit("alice", 1):
        assert (await refusal(admission, patience_s=0.01)).reason == reasons.ERROR_REASON_DEADLINE_TOO_SHORT
        assert admission.queued == 0


async def test_a_job_that_need_not_wait_is_admitted_however_short_of_time_it_is() -> None:
    admission = Admission(max_running=1, max_queued=0, max_bytes=100, max_streams=4)
    async with admission.admit("alice", 1, patience_s=0.0):
        assert admission.running == 1


async def test_a_job_cancelled_just_as_it_gives_up_frees_nothing_that_it_did_not_hold() -> None:
    admission = Admission(max_running=1, max_queued=8, max_bytes=100, max_streams=4)
    jobs = await started(admission, 1, 1)
    async with ending(jobs):
        admission._give_up(next(iter(admission._queue)))
        jobs[1].task.cancel()
        await settled()
        assert (admission.running, admission.bytes_held, admission.queued) == (1, 1, 0)


async def test_only_jobs_that_completed_count_towards_how_long_one_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 100.0, 100.0, 107.0])  # a job that did not complete asks for no second time
    monkeypatch.setattr("mfn_server.admission.monotonic", lambda: next(clock))
    admission = Admission(max_running=1, max_queued=0, max_bytes=100, max_streams=4)
    async with admission.admit("alice", 1):
        pass
    assert admission._typical_s == 1.0
    with pytest.raises(ZeroDivisionError):
        async with admission.admit("alice", 1):
            raise ZeroDivisionError
    assert admission._typical_s == 1.0
    async with admission.admit("alice", 1) as place:
        place.completed = True
    assert admission._typical_s == pytest.approx(1.0 + 0.2 * (7.0 - 1.0))


async def test_a_job_that_fails_gives_its_place_back() -> None:
    admission = Admission(max_running=1, max_queued=0, max_bytes=100, max_streams=4)
    with pytest.raises(ZeroDivisionError):
        async with admission.admit("alice", 100):
            raise ZeroDivisionError
    async with admission.admit("alice", 100):
        assert admission.running == 1


class TestShares:
    """Bytes: 100, places in the queue: 4; half of both for one principal."""

    def admission(self, max_running: int = 8) -> Admission:
        return Admission(max_running=max_running, max_queued=4, max_bytes=100, max_streams=8, principal_share=0.5)

    async def test_trickling_uploads_of_one_principal_leave_room_for_others(self) -> None:
        admission = self.admission()
        jobs = await asked(*(admission.hold("alice", 20) for _ in range(2)))
        async with ending(jobs):
            fault = await refusal(admission, 20)
            assert (fault.reason, fault.limit) == (reasons.ERROR_REASON_OVERLOADED, "principal:alice/state_bytes")
            assert "alice holds and waits for 40 of the 50" in fault.message
            assert fault.retry_after_s is not None
            jobs += await started(admission, 50, principal="bob")
            assert inside(jobs) == [0, 1, 2]
        assert (admission.bytes_held, not admission._bytes_of) == (0, True)

    async def test_what_waits_counts_as_what_is_held(self) -> None:
        admission = self.admission(max_running=1)
        jobs = await started(admission, 20, 20)
        async with ending(jobs):
            assert inside(jobs) == [0]
            assert (await refusal(admission, 20)).limit == "principal:alice/state_bytes"

    async def test_one_principal_fills_only_its_share_of_the_queue(self) -> None:
        admission = self.admission(max_running=1)
        jobs = await started(admission, 1, 1, 1)
        async with ending(jobs):
            fault = await refusal(admission)
            assert (fault.limit, admission.queued) == ("principal:alice/queue", 2)
            jobs += await started(admission, 1, 1, principal="bob")
            assert admission.queued == 4

    async def test_one_job_is_offered_the_share_and_no_more(self) -> None:
        admission = self.admission()
        assert admission.max_bytes == 50
        fault = await refusal(admission, 51)
        assert (fault.retry_after_s, "at most 50" in fault.message) == (None, True)
