"""Simulations on the server: streamed while they run, stopped when they must be, resumed where they stopped."""

import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from mfn_grpc.arrays import from_array
from mfn_grpc.core.reaction_diffusion import GrayScott, Precision, SimulationSpec
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.runtime import Runtime
from mfn_server.simulation.frames import FrameForm
from mfn_server.simulation.plans import MOST_TOGETHER, Plan
from mfn_server.simulation.tokens import Position
from tests.server.calling import NERNST, refusal_of, refused, rest_of
from tests.server.conftest import Running, Start
from tests.server.gates import Gates, eventually
from tests.server.specs import diverging, endless, frames, same_bits, spec, states
from tests.server.streams import one_step_a_slice, stream, until_frame


async def collected(call: Any, seen: list[Any]) -> Any:
    """Read a stream that fails into `seen`; its error."""

    async def read() -> None:
        async for answer in call:
            seen.append(answer)  # noqa: PERF401  # a comprehension would lose what came before the error

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await read()
    return caught.value


class TestStreaming:
    async def test_frames_arrive_while_later_ones_are_not_even_begun(self, start: Start, gates: Gates) -> None:
        server = await start()
        message = spec(steps=12)
        gates.allow(1)  # step k + 2 is held until the frame of step k is here
        seen, call = [], stream(server, message)
        async for answer in call:
            seen.append(answer)
            if answer.HasField("frame"):
                assert max(gates.begun, default=0) <= answer.frame.step + 2
                gates.allow(answer.frame.step + 2)
        assert same_bits(frames(seen), states(message))
        assert gates.begun == list(range(1, 13))

    async def test_a_reader_that_stops_reading_stops_the_simulation_and_holds_no_worker(
        self, start: Start, gates: Gates
    ) -> None:
        server = await start(compute_threads=1)
        call = stream(server, spec(steps=500, shape=(512, 512)))  # 4 MiB a frame
        seen = await until_frame(call, 0)
        for _ in range(30):
            answer = await server.simulation.RunSimulation(pb.RunSimulationRequest(spec=spec(steps=600)))
            assert answer.summary.steps_done == 600
        ahead = max(step for step in gates.begun if step != 600)
        # What the transport buffers (about 4 MiB), one frame being sent and one being made.
        assert ahead < 10
        seen += await until_frame(call, 20)
        assert sorted(frames(seen)) == list(range(21))
        call.cancel()

    async def test_health_and_small_calls_are_answered_while_every_worker_computes(
        self, start: Start, gates: Gates
    ) -> None:
        server = await start(compute_threads=2)
        gates.allow(0)
        calls = [stream(server, spec(steps=3)) for _ in range(3)]
        await gates.reached(1, times=2)  # both workers are inside a slice; whatever else there is to compute waits
        health: Any = server.channel.unary_unary("/grpc.health.v1.Health/Check")
        assert await health(b"") == b"\x08\x01"
        assert (await server.electrochemistry.ComputeNernst(NERNST)).potential_mv < 0
        assert gates.begun == [1, 1]
        gates.open()
        for call in calls:
            assert (await rest_of(call))[-1].summary.stop_reason == pb.STOP_REASON_COMPLETED


class TestCancelling:
    async def test_a_cancelled_stream_computes_no_further_slice(self, start: Start, gates: Gates) -> None:
        server = await start(compute_threads=1, max_running=1, max_queued=1)
        gates.allow(2)
        call = stream(server, endless())
        await until_frame(call, 1)
        await gates.reached(3)
        call.cancel()
        await self.left(server)
        gates.open()
        await server.application.compute.run("after", lambda: None)  # comes after the slice that had begun
        assert gates.begun == [1, 2, 3]

    async def test_a_cancelled_unary_run_computes_no_further_slice(self, start: Start, gates: Gates) -> None:
        server = await start(compute_threads=1, max_running=1, max_queued=1)
        gates.allow(0)
        call = server.simulation.RunSimulation(pb.RunSimulationRequest(spec=endless()))
        await eventually(lambda: bool(gates.begun))
        call.cancel()
        await self.left(server)
        gates.open()
        await server.application.compute.run("after", lambda: None)
        assert len(gates.begun) == 1

    async def test_a_call_cancelled_while_it_waits_for_its_turn_never_computes(
        self, start: Start, gates: Gates
    ) -> None:
        server = await start(compute_threads=2, max_running=1, max_queued=1)
        gates.allow(0)
        first = stream(server, spec(steps=2))
        await until_frame(first, 0)
        waiting = stream(server, spec(steps=7), stride=7)
        await eventually(lambda: server.application.runtime.admission.queued == 1)
        waiting.cancel()
        await eventually(lambda: server.application.runtime.admission.queued == 0)
        gates.open()
        await rest_of(first)
        await self.left(server)
        assert gates.begun == [1, 2]

    async def left(self, server: Running) -> None:
        """Wait until no simulation holds a place."""
        async with server.application.runtime.admission.admit("anonymous", 1):
            assert server.application.runtime.admission.running == 1


class TestDeadlines:
    async def test_an_expiring_stream_ends_with_a_summary_and_a_token_that_continues_it(
        self, start: Start, out_of_time_at: Callable[[float], None]
    ) -> None:
        server = await start()
        message = spec(steps=10)
        out_of_time_at(4)
        answers = await rest_of(stream(server, message))
        summary = answers[-1].summary
        assert (summary.stop_reason, summary.steps_done) == (pb.STOP_REASON_DEADLINE, 4)
        assert sorted(frames(answers)) == [0, 1, 2, 3, 4]
        out_of_time_at(99)
        resumed = await rest_of(stream(server, message, token=summary.resume_token))
        assert resumed[0].started.resumed_from_step == 4
        assert resumed[0].sequence == answers[-1].sequence
        assert sorted(frames(resumed)) == [5, 6, 7, 8, 9, 10]
        assert same_bits(frames(answers) | frames(resumed), states(message))

    async def test_a_stream_that_stops_between_two_frames_resumes_after_the_last_whole_one(
        self, start: Start, out_of_time_at: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one_step_a_slice(monkeypatch)
        server = await start(slice_ms=40)
        message = spec(steps=40)
        out_of_time_at(21)
        answers = await rest_of(stream(server, message, stride=20))
        summary = answers[-1].summary
        assert (summary.stop_reason, summary.steps_done) == (pb.STOP_REASON_DEADLINE, 21)
        assert sorted(frames(answers)) == [0, 20]
        out_of_time_at(99)
        resumed = await rest_of(stream(server, message, stride=20, token=summary.resume_token))
        assert resumed[0].started.resumed_from_step == 20
        whole = states(message)
        assert same_bits(frames(resumed), {40: whole[40]})

    async def test_a_stream_that_stops_before_its_first_frame_resumes_with_it(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server, stopping = await start(), pb.STOP_REASON_DEADLINE
        message = spec("mycelium", steps=4)
        with monkeypatch.context() as patched:
            patched.setattr(Runtime, "reason_to_stop", lambda *_, closing=False: None if closing else stopping)
            request = pb.SimulateRequest(spec=message, frame_stride=1, with_features=True)
            stopped = [answer async for answer in server.simulation.Simulate(request)]
        assert [answer.WhichOneof("event") for answer in stopped] == ["started", "summary"]
        request.resume_token = stopped[-1].summary.resume_token
        resumed = [answer async for answer in server.simulation.Simulate(request)]
        assert not resumed[0].started.HasField("resumed_from_step")
        assert sorted(frames(resumed)) == [0, 1, 2, 3, 4]
        assert resumed[0].sequence == stopped[-1].sequence

    async def test_a_real_deadline_gets_its_summary_before_it_expires(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("mfn_server.runtime.ANSWER_MARGIN_S", 10.0)  # ample for the answer to arrive
        server = await start()
        answers = await rest_of(stream(server, endless(), stride=100_000_000, timeout=11))
        summary = answers[-1].summary
        assert summary.stop_reason == pb.STOP_REASON_DEADLINE
        assert 0 < summary.steps_done < 100_000_000
        assert summary.resume_token

    async def test_a_unary_run_out_of_time_says_how_far_it_came_and_its_token_continues(
        self, start: Start, out_of_time_at: Callable[[float], None]
    ) -> None:
        server = await start()
        message = spec(steps=10)
        request = pb.RunSimulationRequest(spec=message, with_final_state=True)
        out_of_time_at(0)
        refusal = await refused(server.simulation.RunSimulation(request))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_TOO_SHORT")
        assert refusal.metadata["steps_done"] == "0"
        out_of_time_at(99)
        request.resume_token = base64.b64decode(refusal.metadata["resume_token"], validate=True)
        answer = await server.simulation.RunSimulation(request)
        assert answer.summary.steps_done == 10
        assert from_array(answer.final_state).tobytes() == states(message)[10].tobytes()

    async def test_with_a_store_a_unary_run_goes_on_where_its_time_ran_out(
        self, start: Start, gates: Gates, out_of_time_at: Callable[[float], None], tmp_path: Path
    ) -> None:
        server = await start(state_dir=tmp_path, slice_ms=1)
        message = spec(steps=100_000)
        request = pb.RunSimulationRequest(spec=message, with_final_state=True)
        out_of_time_at(1)
        refusal = await refused(server.simulation.RunSimulation(request))
        done = int(refusal.metadata["steps_done"])
        assert 0 < done < 100_000
        out_of_time_at(10**9)
        request.resume_token = base64.b64decode(refusal.metadata["resume_token"])
        resumed = await server.simulation.RunSimulation(request)
        assert gates.starts == [0, done]
        request.resume_token = b""
        assert (await server.simulation.RunSimulation(request)).final_state == resumed.final_state


class TestDiverging:
    async def test_a_field_that_blows_up_ends_with_the_step_and_what_was_finite_before_it(self, start: Start) -> None:
        server = await start()
        call, seen = stream(server, diverging()), list[Any]()
        error = await collected(call, seen)
        refusal = refusal_of(error)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "FIELD_DIVERGED")
        expected = states(diverging())
        first_bad = min(step for step, state in expected.items() if not np.isfinite(state).all())
        assert 1 < first_bad < 50
        assert refusal.metadata["step"] == str(first_bad)
        assert refusal.metadata["last_finite_step"] == str(first_bad - 1)
        assert same_bits(frames(seen), {step: expected[step] for step in range(first_bad)})

    async def test_its_token_resumes_up_to_the_last_finite_step(self, start: Start) -> None:
        server = await start()
        first = await refused(stream(server, diverging(), stride=50))
        last_finite, step = int(first.metadata["last_finite_step"]), int(first.metadata["step"])
        assert 0 <= last_finite < step
        token = base64.b64decode(first.metadata["resume_token"], validate=True)
        call, seen = stream(server, diverging(), token=token), list[Any]()
        error = await collected(call, seen)
        assert seen[0].started.resumed_from_step == 0
        resumed = frames(seen)
        assert sorted(resumed) == list(range(1, max(resumed) + 1))
        assert max(resumed) >= last_finite
        assert all(np.isfinite(state).all() for state in resumed.values())
        again = refusal_of(error)
        assert again.reason == "FIELD_DIVERGED"
        assert int(again.metadata["step"]) == max(resumed) + 1

    async def test_a_unary_run_blows_up_with_the_same_reason(self, start: Start) -> None:
        server = await start()
        refusal = await refused(server.simulation.RunSimulation(pb.RunSimulationRequest(spec=diverging())))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "FIELD_DIVERGED")
        assert base64.b64decode(refusal.metadata["resume_token"], validate=True)


class TestAdmission:
    async def test_beyond_running_and_queued_a_call_is_refused_with_a_time_to_come_back(
        self, start: Start, gates: Gates
    ) -> None:
        server = await start(max_running=1, max_queued=1)
        gates.allow(0)
        first = stream(server, spec(steps=2))
        await until_frame(first, 0)
        second = server.simulation.RunSimulation(pb.RunSimulationRequest(spec=spec(steps=2)))
        await eventually(lambda: server.application.runtime.admission.queued == 1)
        refusal = await refused(stream(server, spec(steps=2)))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert refusal.retry_s is not None
        assert refusal.retry_s > 0
        assert int(refusal.trailers["grpc-retry-pushback-ms"]) == round(refusal.retry_s * 1000)
        gates.open()
        assert (await rest_of(first))[-1].summary.stop_reason == pb.STOP_REASON_COMPLETED
        assert (await second).summary.steps_done == 2

    @pytest.mark.parametrize(("dtype", "itemsize"), [(Precision.FLOAT64, 8), (Precision.FLOAT32, 4)])
    def test_what_is_held_beside_the_buffers_to_start_is_counted_where_it_is_more_than_the_frames(
        self, dtype: Precision, itemsize: int
    ) -> None:
        given = SimulationSpec(GrayScott(), shape=(30, 40), precision=dtype)
        buffers, state = 2 * 2 * 32 * 42 * itemsize, 2 * 30 * 40
        none, whole = FrameForm((), np.dtype("u1"), 1), FrameForm(((0, "u"), (1, "v")), np.dtype("f8"), 1)
        resumed = Position(3, 0, b"")
        assert Plan(given, b"", none, 1, None).bytes_needed == buffers
        assert Plan(given, b"", none, 1, resumed).bytes_needed == buffers + state * itemsize
        started = replace(given, initial_state=np.zeros((2, 30, 40), np.float32))
        assert Plan(started, b"", none, 1, None).bytes_needed == buffers + state * 4
        assert Plan(started, b"", whole, 1, None).bytes_needed == buffers + 2 * MOST_TOGETHER * state * 8

    async def test_a_simulation_that_would_never_fit_is_refused_for_good(self, start: Start, gates: Gates) -> None:
        server = await start(max_state_bytes=2**20)
        refusal = await refused(stream(server, spec(shape=(512, 512))))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert refusal.retry_s is None
        assert gates.starts == []
