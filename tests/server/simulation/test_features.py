"""Simulations with features: on every frame and in the summary, the same however a run is cut, resumed or stopped."""

import asyncio
import itertools
import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from mfn_grpc.core.features import Measured, Thresholds, measure
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_grpc.v1.types_pb2 import FeatureOptions, Features
from tests.server.calling import Wire, refused, rest_of
from tests.server.conftest import Running, Start
from tests.server.fields import NAMES, by_hand, equals, measured, same, values
from tests.server.gates import Gates, eventually
from tests.server.specs import diverging, endless, frames, same_bits, spec, states
from tests.server.streams import one_step_a_slice

LEVELS = [0.2, 0.3, 0.5]
"""Thresholds that some of the cells of every species here pass."""
STEPS = 24


def request(message: pb.SimulationSpec, stride: int = 1, **options: Any) -> pb.SimulateRequest:
    return pb.SimulateRequest(spec=message, frame_stride=stride, with_features=True, **options)


def watching(species: str | None = None, levels: list[float] | None = None) -> FeatureOptions:
    return FeatureOptions(species=species, thresholds=LEVELS if levels is None else levels)


def of_frames(responses: list[Any]) -> dict[int, Features]:
    """The features of every whole frame."""
    return {each.frame.step: each.frame.features for each in responses if each.frame.last}


def same_features(one: dict[int, Features], other: dict[int, Features]) -> bool:
    return one.keys() == other.keys() and all(same(one[step], other[step]) for step in one)


def expected_of(message: pb.SimulationSpec, index: int, thresholds: Thresholds) -> dict[int, Measured]:
    """What the core makes of the history up to every step, each history as one array."""
    states_so_far = states(message)
    first = min(states_so_far)
    fields = np.stack([states_so_far[step][index] for step in sorted(states_so_far)])
    return {step: measured(fields[: step - first + 1], thresholds) for step in states_so_far}


CASES: dict[str, tuple[pb.SimulationSpec, str, int]] = {
    "gray_scott u": (spec(steps=STEPS), "u", 0),
    "gray_scott v": (spec(steps=STEPS, precision=pb.PRECISION_FLOAT32), "v", 1),
    "gray_scott RK4": (spec(steps=STEPS, stepper=pb.STEPPER_RK4), "v", 1),
    "brusselator semi-implicit": (spec("brusselator", steps=STEPS, stepper=pb.STEPPER_SEMI_IMPLICIT), "u", 0),
    "mycelium activator": (spec("mycelium", steps=STEPS), "activator", 1),
    "an odd grid": (spec("schnakenberg", steps=STEPS, shape=(5, 37)), "v", 1),
}


@pytest.mark.parametrize("case", CASES)
def test_the_features_of_each_frame_are_those_of_the_history_up_to_it(wire: Wire, case: str) -> None:
    message, species, index = CASES[case]
    answers = list(wire.stream("Simulate", request(message, feature_options=watching(species))))
    expected = expected_of(message, index, Thresholds(*LEVELS))
    found = of_frames(answers)
    assert found.keys() == expected.keys()
    for step, features in found.items():
        assert equals(features, expected[step]), step
    assert same_bits(frames(answers), states(message))


def test_plain_numpy_agrees(wire: Wire) -> None:
    message = spec("mycelium", steps=60, shape=(24, 31))
    answers = list(wire.stream("Simulate", request(message, stride=60)))
    all_states = states(message)
    fields = np.stack([all_states[step][0] for step in range(61)])
    for name, value in by_hand(fields).items():
        found = getattr(answers[-1].summary.features, name)
        assert found == pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True), name


def test_the_stride_does_not_change_the_features(wire: Wire) -> None:
    message = spec("mycelium", steps=STEPS)
    every = of_frames(list(wire.stream("Simulate", request(message))))
    for stride in (5, STEPS):
        some = of_frames(list(wire.stream("Simulate", request(message, stride))))
        assert same_features(some, {step: every[step] for step in some})


class TestSummary:
    def test_it_carries_the_features_of_the_last_frame_with_the_reasons_of_those_that_are_nan(self, wire: Wire) -> None:
        message = spec("mycelium", steps=STEPS, mycelium=pb.MyceliumModel(spike_probability=0.0))
        answers = list(wire.stream("Simulate", request(message, stride=7)))
        summary = answers[-1].summary
        assert same(summary.features, of_frames(answers)[STEPS])
        nan = [name for name, value in zip(NAMES, values(summary.features), strict=True) if math.isnan(value)]
        assert [each.name for each in summary.undefined_features] == nan
        assert nan  # nothing is above the thresholds without spikes
        assert all(each.reason for each in summary.undefined_features)

    def test_a_run_without_frames_says_the_same(self, wire: Wire) -> None:
        message = spec("mycelium", steps=STEPS)
        streamed = list(wire.stream("Simulate", request(message)))[-1].summary
        unary = wire.answer("RunSimulation", pb.RunSimulationRequest(spec=message, with_features=True)).summary
        assert same(unary.features, streamed.features)
        assert unary.mycelium == streamed.mycelium
        assert unary.undefined_features == streamed.undefined_features

    def test_the_mycelium_calls_the_dimension_its_fractal_dimension(self, wire: Wire) -> None:
        message = spec("mycelium", steps=200, shape=(32, 32), mycelium=pb.MyceliumModel(spike_probability=1.0))
        asked = request(message, stride=200, feature_options=watching(levels=[-69.5, -69.0, -68.0]))
        summary = list(wire.stream("Simulate", asked))[-1].summary
        assert summary.mycelium.HasField("fractal_dimension")
        assert summary.mycelium.fractal_dimension == summary.features.d_box > 0

    def test_the_dimension_of_another_species_is_not_the_myceliums(self, wire: Wire) -> None:
        message = spec("mycelium", steps=5)
        asked = request(message, feature_options=watching("activator"))
        summary = list(wire.stream("Simulate", asked))[-1].summary
        assert summary.HasField("features")
        assert not summary.mycelium.HasField("fractal_dimension")

    def test_without_features_there_are_none(self, wire: Wire) -> None:
        answers = list(wire.stream("Simulate", pb.SimulateRequest(spec=spec("mycelium"), frame_stride=1)))
        assert not any(answer.frame.HasField("features") for answer in answers)
        assert not answers[-1].summary.HasField("features")
        assert not answers[-1].summary.mycelium.HasField("fractal_dimension")

    def test_only_the_last_message_of_a_frame_carries_features(self, wire: Wire) -> None:
        answers = list(wire.stream("Simulate", request(spec("mycelium", steps=1, shape=(300, 300)))))
        of_each = [answer.frame for answer in answers if answer.HasField("frame")]
        assert len(of_each) > 2
        assert [frame.HasField("features") for frame in of_each] == [frame.last for frame in of_each]


class TestResuming:
    MESSAGE = spec("mycelium", steps=12)

    def whole(self, wire: Wire, **options: Any) -> list[Any]:
        return list(wire.stream("Simulate", request(self.MESSAGE, stride=2, **options)))

    @pytest.mark.parametrize("at", [0, 2, 8, 12])
    def test_after_any_frame_a_stream_goes_on_with_the_same_features(self, wire: Wire, at: int) -> None:
        answers = self.whole(wire)
        token = next(each.frame.resume_token for each in answers if each.frame.last and each.frame.step == at)
        resumed = self.whole(wire, resume_token=token)
        kept = {step: features for step, features in of_frames(answers).items() if step > at}
        assert same_features(of_frames(resumed), kept)
        assert same(resumed[-1].summary.features, answers[-1].summary.features)
        assert resumed[-1].summary.mycelium == answers[-1].summary.mycelium

    @pytest.fixture
    def stopped(self, out_of_time_at: Callable[[float], None]) -> Callable[..., Any]:
        """`await stopped(server, ...)`: the answers of a stream whose time runs out after step 4."""

        async def run(server: Running, **options: Any) -> list[Any]:
            out_of_time_at(4)
            asked = pb.SimulateRequest(spec=self.MESSAGE, frame_stride=1, **options)
            answers = await rest_of(server.simulation.Simulate(asked))
            assert answers[-1].summary.stop_reason == pb.STOP_REASON_DEADLINE
            out_of_time_at(10**9)
            return answers

        return run

    async def resume(self, server: Running, stopped: list[Any], **options: Any) -> list[Any]:
        token = stopped[-1].summary.resume_token
        asked = pb.SimulateRequest(spec=self.MESSAGE, frame_stride=1, resume_token=token, **options)
        return await rest_of(server.simulation.Simulate(asked))

    async def test_from_a_checkpoint_of_another_server_the_features_have_the_same_bytes(
        self, start: Start, gates: Gates, stopped: Any, tmp_path: Path
    ) -> None:
        one, other = await start(state_dir=tmp_path), await start(state_dir=tmp_path)
        first = await stopped(one, with_features=True)
        rest = await self.resume(other, first, with_features=True)
        done = first[-1].summary.steps_done
        assert done > 0
        assert gates.starts == [0, done]
        whole = await rest_of(one.simulation.Simulate(request(self.MESSAGE)))
        assert same_features(of_frames(first) | of_frames(rest), of_frames(whole))
        assert not of_frames(first).keys() & of_frames(rest).keys()
        assert same(rest[-1].summary.features, whole[-1].summary.features)
        assert rest[-1].summary.undefined_features == whole[-1].summary.undefined_features

    async def test_a_checkpoint_without_a_history_is_no_use_to_a_run_with_features(
        self, start: Start, gates: Gates, stopped: Any, tmp_path: Path
    ) -> None:
        server = await start(state_dir=tmp_path)
        first = await stopped(server)
        rest = await self.resume(server, first, with_features=True)
        assert gates.starts == [0, 0]
        whole = await rest_of(server.simulation.Simulate(request(self.MESSAGE)))
        assert same(rest[-1].summary.features, whole[-1].summary.features)

    async def test_neither_is_one_with_the_history_of_another_species(
        self, start: Start, gates: Gates, stopped: Any, tmp_path: Path
    ) -> None:
        server = await start(state_dir=tmp_path)
        first = await stopped(server, with_features=True)
        other = {"with_features": True, "feature_options": watching("inhibitor")}
        rest = await self.resume(server, first, **other)
        assert gates.starts == [0, 0]
        whole = await rest_of(server.simulation.Simulate(request(self.MESSAGE, feature_options=watching("inhibitor"))))
        assert same(rest[-1].summary.features, whole[-1].summary.features)

    async def test_other_thresholds_use_the_checkpoint_all_the_same(
        self, start: Start, gates: Gates, stopped: Any, tmp_path: Path
    ) -> None:
        server, levels = await start(state_dir=tmp_path), watching(levels=[-69.0, -68.0, -60.0])
        first = await stopped(server, with_features=True)
        rest = await self.resume(server, first, with_features=True, feature_options=levels)
        assert gates.starts == [0, first[-1].summary.steps_done]
        whole = await rest_of(server.simulation.Simulate(request(self.MESSAGE, feature_options=levels)))
        assert same(rest[-1].summary.features, whole[-1].summary.features)

    async def test_a_run_without_features_uses_a_checkpoint_with_a_history(
        self, start: Start, gates: Gates, stopped: Any, tmp_path: Path
    ) -> None:
        server = await start(state_dir=tmp_path)
        first = await stopped(server, with_features=True)
        rest = await self.resume(server, first)
        assert gates.starts == [0, first[-1].summary.steps_done]
        assert not rest[-1].summary.HasField("features")
        assert same_bits(frames(first) | frames(rest), states(self.MESSAGE))


class TestStopping:
    """While features are measured: the measuring of these tests is held, or takes the caller's last time."""

    @pytest.fixture
    def measuring(self, monkeypatch: pytest.MonkeyPatch) -> "Measuring":
        held, ticks = Measuring(), itertools.count()
        monkeypatch.setattr("mfn_server.slices.perf_counter", lambda: float(next(ticks)))  # each piece is a slice
        monkeypatch.setattr("mfn_server.simulation.run.measure", held)
        return held

    async def test_a_deadline_that_nears_meanwhile_ends_the_stream_before_that_frame(
        self, start: Start, measuring: "Measuring", out_of_time_at: Callable[[float], None]
    ) -> None:
        server = await start()
        message = spec("mycelium", steps=10)
        measuring.at(5, lambda: out_of_time_at(0))
        answers = await rest_of(server.simulation.Simulate(request(message)))
        summary = answers[-1].summary
        assert (summary.stop_reason, summary.steps_done) == (pb.STOP_REASON_DEADLINE, 4)
        assert sorted(of_frames(answers)) == [0, 1, 2, 3]
        assert not summary.HasField("features")
        measuring.at(0, lambda: None)
        out_of_time_at(10**9)
        resumed = await rest_of(server.simulation.Simulate(request(message, resume_token=summary.resume_token)))
        whole = await rest_of(server.simulation.Simulate(request(message)))
        assert same_features(of_frames(answers) | of_frames(resumed), of_frames(whole))

    async def test_a_unary_run_whose_time_is_up_before_its_features_says_so_and_can_be_continued(
        self, start: Start, measuring: "Measuring", out_of_time_at: Callable[[float], None]
    ) -> None:
        server = await start()
        asked = pb.RunSimulationRequest(spec=spec("mycelium", steps=10), with_features=True)
        measuring.at(1, lambda: out_of_time_at(0))
        refusal = await refused(server.simulation.RunSimulation(asked))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_TOO_SHORT")
        assert refusal.metadata["steps_done"] == "10"
        assert refusal.metadata["resume_token"]

    async def test_a_drain_meanwhile_hands_the_stream_over(self, start: Start, measuring: "Measuring") -> None:
        server = await start()
        message = spec("mycelium", steps=10)
        measuring.at(3, server.application.draining.set)
        answers = await rest_of(server.simulation.Simulate(request(message)))
        assert answers[-1].summary.stop_reason == pb.STOP_REASON_DRAINING
        assert sorted(of_frames(answers)) == [0, 1]
        assert answers[-1].summary.resume_token

    async def test_a_stream_that_stops_between_two_frames_is_told_the_features_so_far(
        self, start: Start, gates: Gates, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one_step_a_slice(monkeypatch)
        server, message = await start(slice_ms=40), spec("mycelium", steps=10)
        gates.allow(3)
        levels = watching(levels=[-70.5, -70.2, -69.0])
        asked = request(message, stride=10, feature_options=levels)
        reading = asyncio.ensure_future(rest_of(server.simulation.Simulate(asked)))
        await gates.reached(4)
        server.application.draining.set()
        gates.open()
        summary = (await reading)[-1].summary
        assert (summary.stop_reason, summary.steps_done) == (pb.STOP_REASON_DRAINING, 4)
        server.application.draining.clear()
        whole = await rest_of(server.simulation.Simulate(request(message, feature_options=levels)))
        assert same(summary.features, of_frames(whole)[4])
        assert summary.mycelium.fractal_dimension == summary.features.d_box

    async def test_a_cancelled_stream_measures_no_further_piece(self, start: Start, measuring: "Measuring") -> None:
        server = await start(compute_threads=1)
        go = threading.Event()
        measuring.at(3, lambda: go.wait(60))
        call = server.simulation.Simulate(request(endless(model="mycelium")))
        await eventually(lambda: measuring.begun == 3)
        call.cancel()
        await eventually(lambda: server.application.runtime.admission.running == 0)
        go.set()
        await server.application.compute.run("after", lambda: None)
        assert (measuring.begun, measuring.ended) == (3, 2)

    async def test_a_field_that_blows_up_ends_as_without_features(self, start: Start) -> None:
        server = await start()
        refusal = await refused(server.simulation.Simulate(request(diverging(), feature_options=watching())))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "FIELD_DIVERGED")

    async def test_other_callers_get_their_turn_between_the_pieces(self, start: Start, measuring: "Measuring") -> None:
        server = await start(compute_threads=1)
        go = threading.Event()
        measuring.at(2, lambda: go.wait(60))
        call = server.simulation.Simulate(request(spec("mycelium", steps=3)))
        await eventually(lambda: measuring.begun == 2)
        other = asyncio.create_task(server.application.compute.run("other", lambda: measuring.ended))
        await asyncio.sleep(0)
        go.set()
        assert await other == 1  # before the measuring that was held had ended
        await rest_of(call)


class Measuring:
    """The core's `measure` with something done in one of its pieces. begun, ended: how many there were."""

    def __init__(self) -> None:
        self.begun = self.ended = 0
        self._number = 0
        self._action: Callable[[], Any] = self.nothing

    def nothing(self) -> None:
        """What is done when nothing was asked for."""

    def at(self, number: int, action: Callable[[], Any]) -> None:
        """Do this in the first piece of the measuring of this number, counted from 1."""
        self._number, self._action = number, action

    def __call__(self, *arguments: Any) -> Pieces[Measured]:
        self.begun += 1
        if self.begun == self._number:
            self._action()
            yield
            yield
        found = yield from measure(*arguments)
        self.ended += 1
        return found
