"""Frames made in the slices that compute them: the same messages, several together where they are quick and small."""

import itertools
from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.reaction_diffusion import GrayScott, SimulationSpec
from mfn_server.simulation.frames import FrameForm
from mfn_server.simulation.plans import Plan
from tests.server.calling import rest_of
from tests.server.conftest import Start
from tests.server.specs import frames, same_bits, spec, states
from tests.server.streams import stream


@pytest.mark.parametrize(("cells", "most"), [(0, 4), (2**19, 1), (2**19, 4)])
async def test_frames_are_the_same_however_they_are_made(
    start: Start, cells: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mfn_server.simulation.plans.FRAMED_CELLS", cells)
    monkeypatch.setattr("mfn_server.simulation.plans.MOST_TOGETHER", most)
    server, message = await start(), spec(steps=18)
    answers = await rest_of(stream(server, message, stride=2))
    assert same_bits(frames(answers), {step: s for step, s in states(message).items() if step % 2 == 0})
    assert [answer.sequence for answer in answers] == list(range(len(answers)))


async def test_a_stream_goes_on_behind_any_frame_of_those_made_together(start: Start) -> None:
    server, message = await start(), spec(steps=9)
    answers = await rest_of(stream(server, message))
    for answer in answers[1:-1]:
        resumed = await rest_of(stream(server, message, token=answer.frame.resume_token))
        assert sorted(frames(resumed)) == list(range(answer.frame.step + 1, 10))
        assert [each.sequence for each in resumed] == [answer.sequence + i for i in range(len(resumed))]


@pytest.mark.parametrize(("most", "takes_s", "turns"), [(1, 0, 12), (4, 0, 3), (4, 0.004, 3), (4, 0.008, 6)])
async def test_a_turn_makes_as_many_as_fit_half_a_slice(
    start: Start, most: int, takes_s: float, turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mfn_server.simulation.plans.MOST_TOGETHER", most)
    ticks = itertools.count()
    monkeypatch.setattr("mfn_server.simulation.run.perf_counter", lambda: takes_s * next(ticks))
    server = await start(slice_ms=40)
    taken, run = list[str](), server.application.compute.run

    def noted(principal: str, *args: Any) -> Any:
        taken.append(principal)
        return run(principal, *args)

    monkeypatch.setattr(server.application.compute, "run", noted)
    await rest_of(stream(server, spec(steps=12)))
    assert len(taken) == turns


@pytest.mark.parametrize(
    ("edge", "species", "together"), [(64, 1, 4), (512, 1, 2), (512, 2, 1), (1024, 1, 1), (64, 0, 4)]
)
def test_as_many_are_made_together_as_take_little_memory(edge: int, species: int, together: int) -> None:
    form = FrameForm(((0, "u"), (1, "v"))[:species], np.dtype("f8"), 1)
    plan = Plan(SimulationSpec(GrayScott(), shape=(edge, edge)), b"", form, 1, None)
    assert plan.frames_together == together
