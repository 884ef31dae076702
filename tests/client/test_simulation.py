"""Streams that break: resumed, replayed, refused or given up, on both faces."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
import numpy as np
import pytest

from mfn_client import (
    AsyncSimulation,
    DeadlineExceeded,
    InvalidArgument,
    NotReproducible,
    Overloaded,
    RpcError,
    Simulation,
    Unavailable,
)
from mfn_client._spec import FeatureArguments
from mfn_grpc.v1 import simulation_pb2 as pb
from tests.client.fakes import (
    Calls,
    FakeCall,
    FakeRpcError,
    FakeServer,
    cut,
    field,
    lost,
    retry_info,
    status_bytes,
    token_refused,
    whole,
)
from tests.client.scripted import FRAMES, MESSAGES_A_FRAME, Run, Starter


def test_an_unbroken_stream_gives_every_frame_and_the_summary(run: Starter) -> None:
    done = run(whole(FakeServer())).collect()
    assert done.steps == FRAMES
    for frame in done.frames:
        np.testing.assert_array_equal(frame.fields["u"], field(frame.step))
        np.testing.assert_array_equal(frame.fields["v"], field(frame.step))
        assert frame.time == frame.step * 0.5
    assert done.stream.started is not None
    assert done.stream.started.numerics_version == "7"
    assert done.stream.summary is not None
    assert done.stream.summary.stop_reason == "completed"
    assert done.stream.resume_token == b""
    assert not done.calls.opened[0].cancelled


@pytest.mark.parametrize("after", range(1, 10))
def test_a_connection_lost_after_any_message_skips_and_repeats_no_frame(run: Starter, after: int) -> None:
    server = FakeServer()
    done = run(cut(server, after), whole(server)).collect()
    assert done.steps == FRAMES
    whole_frames = (after - 1) // MESSAGES_A_FRAME
    resumed_after = server.token(FRAMES[whole_frames - 1], whole_frames * 2) if whole_frames else b""
    assert done.calls.tokens == [b"", resumed_after]


@pytest.mark.parametrize("after", [3, 5, 6])
def test_frames_carry_their_features_across_every_way_of_resuming(run: Starter, after: int) -> None:
    old, new = FakeServer(key="old"), FakeServer(key="new")
    for scripts in ([cut(old, after), whole(old)], [cut(old, after), whole(new), whole(new)]):
        done = run(*scripts, features=FeatureArguments(True, "v", (0.1, 0.2, 0.3))).collect()
        assert done.steps == FRAMES
        assert [frame.features and frame.features.v_mean for frame in done.frames] == FRAMES
        assert all(request.with_features for request in done.calls.requests)
        assert all(list(request.feature_options.thresholds) == [0.1, 0.2, 0.3] for request in done.calls.requests)
        assert done.stream.summary is not None
        assert done.stream.summary.features is not None
        assert [each.name for each in done.stream.summary.undefined_features] == ["d_box"]


def test_frames_have_no_features_unless_they_are_asked_for(run: Starter) -> None:
    done = run(whole(FakeServer())).collect()
    assert {frame.features for frame in done.frames} == {None}


def test_a_stream_that_breaks_again_and_again_still_gives_every_frame_once(run: Starter) -> None:
    server = FakeServer()
    done = run(*[cut(server, 3)] * 3, cut(server, 2), whole(server)).collect()
    assert done.steps == FRAMES
    assert len(done.calls.requests) == 5


@pytest.mark.parametrize("reason", ["RESUME_TOKEN_INVALID", "RESUME_TOKEN_FOREIGN", "RESUME_TOKEN_STALE"])
def test_a_refused_token_means_a_fresh_start_that_passes_over_known_frames(run: Starter, reason: str) -> None:
    old, new = FakeServer(key="old"), FakeServer(key="new")
    done = run(cut(old, 6), lambda request: FakeCall(iter(()), 0, token_refused(reason)), whole(new)).collect()
    assert done.steps == FRAMES
    assert done.calls.tokens == [b"", old.token(4, 4), b""]


def test_a_replay_that_breaks_goes_on_with_the_new_servers_token(run: Starter) -> None:
    old, new = FakeServer(key="old"), FakeServer(key="new")
    done = run(cut(old, 6), whole(new), cut(new, 3), whole(new)).collect()
    assert done.steps == FRAMES
    assert done.calls.tokens == [b"", old.token(4, 4), b"", new.token(0, 2)]


def test_the_callers_token_stays_that_of_the_last_frame_handed_out_during_a_replay() -> None:
    old, new = FakeServer(key="old"), FakeServer(key="new")
    done = Run("sync", Calls(cut(old, 6), whole(new), cut(new, 3, FakeRpcError(grpc.StatusCode.INTERNAL, "bug"))))
    done.fails(Exception, "bug")
    assert done.stream.resume_token == old.token(4, 4)


def test_replays_that_never_get_further_are_given_up(run: Starter) -> None:
    scripts = [cut(FakeServer(key="0"), 6)]
    for number in range(1, 100):
        scripts += [whole(FakeServer(key=str(number))), cut(FakeServer(key=str(number)), 3)]
    stuck = run(*scripts)
    assert isinstance(stuck.fails(Unavailable, "Socket closed"), Unavailable)
    assert stuck.steps == [0, 4]


@pytest.mark.parametrize(
    ("other", "word"),
    [(FakeServer(key="new", version="8"), "numerics version '8'"), (FakeServer(key="new", spec_hash=b"?"), "hash")],
)
def test_a_server_whose_bits_would_differ_is_refused(run: Starter, other: FakeServer, word: str) -> None:
    broken = run(cut(FakeServer(), 6), whole(other), whole(other))
    broken.fails(NotReproducible, word)
    assert broken.steps == [0, 4]
    assert broken.calls.opened[-1].cancelled


def draining(server: FakeServer, frames: int, stop: str = "DRAINING") -> Callable[[pb.SimulateRequest], FakeCall]:
    """A server that ends after so many frames with a summary whose token is the last frame's."""

    def messages(request: pb.SimulateRequest) -> Any:
        sequence, step = 0, 0
        for message in server.messages(request):
            if message.HasField("frame") and message.frame.step == FRAMES[frames]:
                yield server.summary(step, sequence + 1, stop, server.token(step, sequence))
                return
            sequence, step = message.sequence, message.frame.step
            yield message

    return lambda request: FakeCall(messages(request))


@pytest.mark.parametrize("stop", ["DRAINING", "DEADLINE"])
def test_a_server_that_stops_early_is_followed_by_the_next_one(run: Starter, stop: str) -> None:
    server = FakeServer()
    done = run(draining(server, 2, stop), whole(server)).collect()
    assert done.steps == FRAMES
    assert done.calls.tokens == [b"", server.token(4, 4)]


def test_a_summary_may_bring_a_newer_token_of_its_own(run: Starter) -> None:
    server = FakeServer()

    def handing_over(request: pb.SimulateRequest) -> FakeCall:
        first = list(server.messages(request))[:3]
        return FakeCall(iter([*first, server.summary(0, 3, "DRAINING", server.token(0, 3))]))

    done = run(handing_over, whole(server)).collect()
    assert done.steps == FRAMES
    assert done.calls.tokens == [b"", server.token(0, 3)]


def test_a_stream_that_ends_without_a_summary_is_taken_up_again(run: Starter) -> None:
    server = FakeServer()
    done = run(lambda request: FakeCall(server.messages(request), 4), whole(server)).collect()
    assert done.steps == FRAMES


def test_a_server_that_stays_away_is_given_up_after_the_budget(run: Starter) -> None:
    away = run(cut(FakeServer(), 3), *[cut(FakeServer(), 0)] * 100)
    began = away.clock.now
    assert away.fails(Unavailable, "Socket closed").code == grpc.StatusCode.UNAVAILABLE
    assert away.steps == [0]
    assert 50 < away.clock.now - began <= 60


def test_a_server_that_always_drains_is_given_up_as_well(run: Starter) -> None:
    server = FakeServer()

    def started_and_stopped(request: pb.SimulateRequest) -> FakeCall:
        started = next(server.messages(request))
        return FakeCall(iter([started, server.summary(0, started.sequence + 1, "DRAINING")]))

    run(*[started_and_stopped] * 100).fails(Unavailable, r"stopped early \(draining\)")


def test_a_wrong_address_is_told_at_once(run: Starter) -> None:
    wrong = run(cut(FakeServer(), 0))
    wrong.fails(Unavailable)
    assert len(wrong.calls.requests) == 1


def test_a_refused_request_is_not_repeated(run: Starter) -> None:
    refused = run(
        cut(FakeServer(), 0, FakeRpcError(grpc.StatusCode.INVALID_ARGUMENT, "no", status_bytes("INVALID_FIELD")))
    )
    assert refused.fails(InvalidArgument).reason == "INVALID_FIELD"
    assert len(refused.calls.requests) == 1


def busy(seconds: int) -> FakeRpcError:
    status = status_bytes("OVERLOADED", retry_info(seconds))
    return FakeRpcError(grpc.StatusCode.RESOURCE_EXHAUSTED, "busy", status)


@pytest.mark.parametrize("after", [0, 3])
def test_an_overloaded_server_is_waited_for_at_first_and_when_resuming(run: Starter, after: int) -> None:
    server = FakeServer()
    done = run(*([cut(server, after)] if after else []), cut(server, 0, busy(9)), whole(server)).collect()
    assert done.steps == FRAMES
    assert done.clock.now - 100.0 >= 9


def test_a_server_that_stays_overloaded_is_given_up_after_the_budget(run: Starter) -> None:
    full = run(*[cut(FakeServer(), 0, busy(9))] * 100)
    assert full.fails(Overloaded, "busy").retry_after == 9
    assert 45 <= full.clock.now - 100.0 <= 60


def test_a_request_that_is_too_large_for_the_server_is_told_at_once(run: Starter) -> None:
    too_large = FakeRpcError(grpc.StatusCode.RESOURCE_EXHAUSTED, "too large", status_bytes("OVERLOADED"))
    refused = run(cut(FakeServer(), 0, too_large))
    assert refused.fails(Overloaded, "too large").retry_after is None
    assert len(refused.calls.requests) == 1


def test_the_timeout_ends_the_wait_for_an_overloaded_server(run: Starter) -> None:
    error = run(*[cut(FakeServer(), 0, busy(9))] * 100, timeout=20.0).fails(DeadlineExceeded)
    assert (error.steps_done, error.resume_token) == (0, b"")
    assert "resume_token" not in error.message


def test_a_stream_that_was_read_too_slowly_is_taken_up_again(run: Starter) -> None:
    server = FakeServer()
    idle = FakeRpcError(grpc.StatusCode.ABORTED, "nobody reads", status_bytes("STREAM_IDLE"))
    done = run(cut(server, 5, idle), whole(server)).collect()
    assert done.steps == FRAMES
    assert done.calls.tokens == [b"", server.token(4, 4)]


def test_other_aborts_reach_the_caller(run: Starter) -> None:
    stopped = FakeRpcError(grpc.StatusCode.ABORTED, "stopped", status_bytes("SESSION_SUPERSEDED"))
    aborted = run(cut(FakeServer(), 5, stopped))
    assert aborted.fails(RpcError, "stopped").reason == "SESSION_SUPERSEDED"
    assert len(aborted.calls.requests) == 1


def test_a_callers_token_continues_after_its_frame(run: Starter) -> None:
    server = FakeServer()
    done = run(whole(server), token=server.token(4, 4)).collect()
    assert done.steps == [8, 10]
    assert done.stream.started is not None
    assert done.stream.started.resumed_from_step == 4


def test_a_callers_token_that_is_refused_reaches_the_caller(run: Starter) -> None:
    refused = run(whole(FakeServer(key="other")), token=b"k:4:4")
    assert refused.fails(InvalidArgument).reason == "RESUME_TOKEN_INVALID"


def test_a_callers_token_that_was_once_accepted_can_be_replaced_by_a_replay(run: Starter) -> None:
    old, new = FakeServer(key="old"), FakeServer(key="new")
    done = run(cut(old, 1), whole(new), whole(new), token=old.token(4, 4)).collect()
    assert done.steps == [8, 10]
    assert done.calls.tokens == [b"old:4:4", b"old:4:4", b""]


def test_the_timeout_covers_all_connections_together(run: Starter) -> None:
    server = FakeServer()
    late = run(cut(server, 3), *[cut(server, 0)] * 100, timeout=5.0)
    error = late.fails(DeadlineExceeded)
    assert (error.steps_done, error.resume_token) == (0, server.token(0, 2))
    remaining = [seconds for seconds in late.calls.timeouts if seconds is not None]
    assert remaining[0] == 5.0
    assert remaining == sorted(remaining, reverse=True)
    assert len(set(remaining)) == len(remaining)
    assert late.clock.now == pytest.approx(105.0)


def test_a_deadline_stop_tells_how_far_it_came(run: Starter) -> None:
    server = FakeServer()
    late = run(draining(server, 2, "DEADLINE"), timeout=5.0)
    error = late.fails(DeadlineExceeded, "after 4 steps")
    assert (error.steps_done, error.resume_token) == (4, server.token(4, 4))
    assert late.steps == [0, 4]


def test_a_deadline_that_grpc_enforces_carries_the_last_token_too(run: Starter) -> None:
    server = FakeServer()
    late = run(cut(server, 5, FakeRpcError(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded")), timeout=5.0)
    error = late.fails(DeadlineExceeded)
    assert (error.steps_done, error.resume_token) == (4, server.token(4, 4))


def test_leaving_the_loop_cancels_the_call() -> None:
    run = Run("sync", Calls(whole(FakeServer())))
    simulation = Simulation(run.stream, run.calls)
    for frame in simulation:
        assert frame.step == 0
        break
    assert run.calls.opened[0].cancelled
    assert list(simulation) == []


async def test_leaving_the_asynchronous_loop_cancels_the_call() -> None:
    run = Run("asyncio", Calls(whole(FakeServer())))
    simulation = AsyncSimulation(run.stream, run.calls)
    async for frame in simulation:
        assert frame.step == 0
        break
    await asyncio.sleep(0)  # the loop closes an abandoned iterator in its next turn
    await asyncio.sleep(0)
    assert run.calls.opened[0].cancelled


def test_the_end_of_a_with_block_cancels_the_call() -> None:
    run = Run("sync", Calls(whole(FakeServer())))
    with Simulation(run.stream, run.calls) as simulation:
        assert next(simulation).step == 0
        assert next(simulation).step == 4
        assert simulation.resume_token == b"k:4:4"
        assert simulation.summary is None
    assert run.calls.opened[0].cancelled
    with pytest.raises(StopIteration):
        next(simulation)


async def test_cancelling_the_task_cancels_the_call() -> None:
    class Hanging(FakeCall):
        async def __anext__(self) -> Any:
            return await asyncio.Event().wait()

    run = Run("asyncio", Calls(lambda request: Hanging(iter(()))))
    async with AsyncSimulation(run.stream, run.calls) as simulation:
        task = asyncio.ensure_future(anext(simulation))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert run.calls.opened[0].cancelled


def test_closing_from_elsewhere_ends_the_wait_and_the_frames() -> None:
    server = FakeServer()
    run = Run("sync", Calls(cut(server, 3), whole(server)))
    simulation = Simulation(run.stream, run.calls, lambda seconds: simulation.close())
    assert [frame.step for frame in simulation] == [0]


def test_an_error_after_close_is_the_end_and_no_error() -> None:
    run = Run("sync", Calls())

    class Closing(FakeCall):
        def __next__(self) -> Any:
            simulation.close()
            raise lost()

    run.calls = Calls(lambda request: Closing(iter(())))
    simulation = Simulation(run.stream, run.calls)
    assert list(simulation) == []
