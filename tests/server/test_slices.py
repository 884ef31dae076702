"""Computations in pieces on the workers: fair between principals, stopped in time, closed when abandoned."""

import asyncio
import itertools
import threading
from typing import Any

import grpc
import pytest

from mfn_grpc.core.limits import InvalidInput, Violation
from mfn_grpc.core.pieces import Pieces, finish
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.errors import Fault
from mfn_server.runtime import Runtime
from mfn_server.slices import Helped, Sliced, Stopped, computed
from tests.server.conftest import Start
from tests.server.gates import eventually


class Caller:
    """A call as far as a computation sees it."""

    def __init__(self, principal: str = "alice", time_left: float | None = None) -> None:
        self.principal, self.time_left = principal, time_left

    def time_remaining(self) -> float | None:
        return self.time_left


class Counting:
    """A computation of `pieces` pieces that notes what becomes of it; its result is the number of pieces."""

    def __init__(self, pieces: int, name: str = "", diary: list[str] | None = None) -> None:
        self.pieces, self.name = pieces, name
        self.diary = [] if diary is None else diary
        self.done = 0
        self.begun = False
        self.closed_on = list[str]()
        self.held = threading.Event()
        self.held.set()

    def run(self) -> Pieces[int]:
        try:
            for _ in range(self.pieces):
                self.begun = True
                assert self.held.wait(60)
                self.done += 1
                self.diary.append(self.name)
                yield
            return self.done
        finally:
            self.closed_on.append(threading.current_thread().name)


async def runtime_of(start: Start, **settings: Any) -> Runtime:
    server = await start(**settings)
    runtime: Runtime = server.application.runtime
    return runtime


def sliced(runtime: Runtime, pieces: Pieces[Any], call: Any = None) -> Sliced[Any]:
    return Sliced(runtime, Caller() if call is None else call, pieces)


def ticking(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """A clock by which this much time passes between two looks at it."""
    ticks = itertools.count()
    monkeypatch.setattr("mfn_server.slices.perf_counter", lambda: seconds * next(ticks))


async def test_the_result_is_that_of_all_pieces_without_a_pause(start: Start) -> None:
    runtime = await runtime_of(start)
    computation = Counting(1000)
    assert await sliced(runtime, computation.run()).result() == finish(Counting(1000).run()) == 1000
    assert len(computation.closed_on) == 1


async def test_a_result_of_none_is_a_result(start: Start) -> None:
    def nothing() -> Pieces[None]:
        yield

    assert await computed(await runtime_of(start), Caller(), nothing()) is None  # type: ignore[func-returns-value]  # on purpose


async def test_a_slice_takes_as_many_pieces_as_fit_and_at_least_one(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = await runtime_of(start, slice_ms=40)
    slices = list[int]()
    run = runtime.compute.run
    computation = Counting(12)

    async def counted(*arguments: Any) -> Any:
        before = computation.done
        result = await run(*arguments)
        slices.append(computation.done - before)
        return result

    monkeypatch.setattr(runtime.compute, "run", counted)
    ticking(monkeypatch, 0.009)
    assert await sliced(runtime, computation.run()).result() == 12
    assert slices == [4, 4, 4, 0]
    slices.clear()
    computation = Counting(3)
    ticking(monkeypatch, 5.0)
    assert await sliced(runtime, computation.run()).result() == 3
    assert slices == [1, 1, 1, 0]


async def test_seconds_are_those_spent_in_the_pieces(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = await runtime_of(start, slice_ms=40)
    ticking(monkeypatch, 1.0)
    computation = sliced(runtime, Counting(3).run())
    await computation.result()
    # Three slices of one piece look at the clock when they begin, after the piece and when they end; the last slice,
    # in which the generator returns, only when it begins and ends.
    assert computation.seconds == 3 * 2.0 + 1.0


async def test_principals_take_turns_slice_by_slice(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = await runtime_of(start, compute_threads=1)
    ticking(monkeypatch, 1.0)
    diary = list[str]()
    held = threading.Event()
    holder = asyncio.create_task(runtime.compute.run("holder", lambda: held.wait(60)))
    await asyncio.sleep(0)
    tasks = [
        asyncio.create_task(sliced(runtime, Counting(20, name, diary).run(), Caller(name)).result())
        for name in ("alice", "bob")
    ]
    await eventually(lambda: len(runtime.compute._slices._waiting) == 2)
    held.set()
    assert await asyncio.gather(*tasks) == [20, 20]
    assert diary == ["alice", "bob"] * 20
    await holder


async def test_a_cancelled_computation_ends_with_the_piece_that_runs_and_is_closed(start: Start) -> None:
    runtime = await runtime_of(start, compute_threads=1)
    computation = Counting(10**9)
    computation.held.clear()
    task = asyncio.create_task(sliced(runtime, computation.run()).result())
    await eventually(lambda: computation.begun)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert computation.closed_on == []  # a generator that runs cannot be closed
    computation.held.set()
    await runtime.compute.run("after", lambda: None)  # the only worker is free again
    assert computation.done == 1
    assert [name.split("_")[0] for name in computation.closed_on] == ["mfn-compute"]


async def test_one_cancelled_while_it_waits_for_a_worker_never_begins_and_is_closed(start: Start) -> None:
    runtime = await runtime_of(start, compute_threads=1)
    held = threading.Event()
    holder = asyncio.create_task(runtime.compute.run("holder", lambda: held.wait(60)))
    await asyncio.sleep(0)
    computation = Counting(3)
    pieces = computation.run()
    task = asyncio.create_task(sliced(runtime, pieces).result())
    await eventually(lambda: bool(runtime.compute._slices._waiting))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    held.set()
    await holder
    await runtime.compute.run("after", lambda: None)
    assert computation.done == 0
    assert next(pieces, "closed") == "closed"


async def test_what_a_piece_raises_is_raised_and_nobody_complains_of_it_later(start: Start, complaints: Any) -> None:
    def faulty() -> Pieces[int]:
        yield
        raise InvalidInput([Violation("field", "1", "must be 2")])

    runtime = await runtime_of(start)
    with pytest.raises(InvalidInput, match="must be 2"):
        await sliced(runtime, faulty()).result()
    assert complaints() == []


@pytest.mark.parametrize("time_left", [0.0, 0.05, 0.089])
async def test_without_time_for_a_slice_and_the_answer_nothing_is_begun(start: Start, time_left: float) -> None:
    runtime = await runtime_of(start, slice_ms=40)
    computation = Counting(3)
    with pytest.raises(Stopped) as caught:
        await sliced(runtime, computation.run(), Caller(time_left=time_left)).result()
    assert caught.value.reason == pb.STOP_REASON_DEADLINE
    assert computation.done == 0
    with pytest.raises(Fault) as refused:
        await computed(runtime, Caller(time_left=time_left), computation.run())
    assert refused.value.reason == reasons.ERROR_REASON_DEADLINE_TOO_SHORT
    assert refused.value.status_code is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_after_a_long_slice_as_much_time_is_kept_for_the_next(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = await runtime_of(start, slice_ms=40)
    ticking(monkeypatch, 1.0)  # each slice takes 2 s, of one piece
    for time_left, pieces in ((1.5, 1), (3.0, 5)):
        computation = Counting(5)
        call: Any = Caller(time_left=time_left)
        task = sliced(runtime, computation.run(), call).result()
        if pieces == 5:
            assert await task == 5
            continue
        with pytest.raises(Stopped):
            await task
        assert computation.done == pieces


async def test_a_computation_that_gets_no_worker_in_time_is_stopped(start: Start) -> None:
    runtime = await runtime_of(start, compute_threads=1)
    held = threading.Event()
    holder = asyncio.create_task(runtime.compute.run("holder", lambda: held.wait(60)))
    await asyncio.sleep(0)
    computation = Counting(3)
    with pytest.raises(Stopped) as caught:
        await sliced(runtime, computation.run(), Caller(time_left=0.1)).result()
    assert caught.value.reason == pb.STOP_REASON_DEADLINE
    assert computation.done == 0
    held.set()
    await holder


async def test_a_server_that_drains_stops_a_computation_between_two_slices(start: Start) -> None:
    runtime = await runtime_of(start, compute_threads=1)
    computation = Counting(10**9)
    computation.held.clear()
    task = asyncio.create_task(computed(runtime, Caller(), computation.run()))
    await eventually(lambda: computation.begun)
    runtime.draining.set()
    computation.held.set()
    with pytest.raises(Fault) as caught:
        await task
    assert caught.value.reason == reasons.ERROR_REASON_SERVER_DRAINING
    assert 1 <= computation.done < 10**9
    assert len(computation.closed_on) == 1


async def test_the_first_slice_of_a_short_computation_goes_before_all_slices_and_the_others_take_turns(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticking(monkeypatch, 1.0)  # each piece is a slice
    runtime = await runtime_of(start, compute_threads=1)
    diary, held = list[str](), threading.Event()
    holder = asyncio.create_task(runtime.compute.run("holder", lambda: held.wait(60)))
    await asyncio.sleep(0)
    plain = sliced(runtime, Counting(2, "run", diary).run())
    short = Sliced(runtime, Caller(), Counting(2, "short", diary).run(), short=True)
    working = [asyncio.ensure_future(each.result()) for each in (plain, short)]
    await asyncio.sleep(0)
    held.set()
    await asyncio.gather(holder, *working)
    assert diary[:2] == ["short", "run"]
    assert sorted(diary) == ["run", "run", "short", "short"]


async def test_a_short_computation_is_begun_however_little_time_is_left_while_a_worker_is_free(start: Start) -> None:
    runtime = await runtime_of(start)
    caller: Any = Caller(time_left=0.0)
    assert await Sliced(runtime, caller, Counting(1).run(), short=True).result() == 1
    with pytest.raises(Stopped):
        await Sliced(runtime, caller, Counting(1).run()).result()


async def test_a_closing_computation_ends_though_the_server_drains(start: Start) -> None:
    runtime = await runtime_of(start)
    runtime.draining.set()
    caller: Any = Caller()
    assert await Sliced(runtime, caller, Counting(3).run(), closing=True).result() == 3
    with pytest.raises(Stopped) as caught:
        await Sliced(runtime, caller, Counting(3).run()).result()
    assert caught.value.reason == pb.STOP_REASON_DRAINING


async def test_what_a_call_needs_afterwards_is_kept_free(start: Start) -> None:
    runtime = await runtime_of(start)
    caller: Any = Caller(time_left=5.0)
    assert await Sliced(runtime, caller, Counting(1).run(), reserve_s=1.0).result() == 1
    with pytest.raises(Stopped):
        await Sliced(runtime, caller, Counting(1).run(), reserve_s=10.0).result()


async def test_idle_threads_help_a_slice_that_shares_its_work(start: Start) -> None:
    runtime = await runtime_of(start, compute_threads=2)
    helped, both = Helped(), threading.Barrier(2)

    def together(part: int) -> int:
        both.wait(60)  # passed only by two threads at once
        return part * part

    def pieces() -> Pieces[list[int]]:
        yield
        return list(helped.share(together, (2, 3)))

    computation: Any = Caller()
    assert await Sliced(runtime, computation, pieces(), helped=helped).result() == [4, 9]


def test_without_a_slice_that_runs_the_caller_does_all_parts_itself() -> None:
    here = threading.current_thread()
    assert list(Helped().share(lambda part: (part, threading.current_thread() is here), (1, 2))) == [
        (1, True),
        (2, True),
    ]
