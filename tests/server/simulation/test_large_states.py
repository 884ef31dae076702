"""Runs whose state is so large that whatever grows with it is done in pieces."""

import asyncio
import itertools
import sys
import threading
from collections.abc import Callable
from functools import partialmethod
from typing import Any

import grpc
import numpy as np
import pytest

from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.reaction_diffusion import Simulation
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.rpc.call import Call
from tests.server.calling import refused, rest_of
from tests.server.conftest import Start
from tests.server.gates import eventually
from tests.server.specs import diverging, frames, same_bits, spec, states
from tests.server.streams import stream


class Held:
    """Pieces that wait at their third until they may go on. begun: how many of them have begun."""

    AT = 3

    def __init__(self, source: Callable[..., Pieces[Any]]) -> None:
        self._source = source
        self.begun = 0
        self.go = threading.Event()

    @classmethod
    def into(cls, monkeypatch: pytest.MonkeyPatch, stage: str) -> "Held":
        """Hold what a method of Simulation, or a function that the run uses, computes."""
        if not hasattr(Simulation, stage):
            used_by = sys.modules[f"mfn_server.simulation.{'framing' if stage == 'make_frame' else 'run'}"]
            held = cls(getattr(used_by, stage))
            monkeypatch.setattr(used_by, stage, held)
            return held
        run: Any = sys.modules["mfn_server.simulation.run"]
        # Of a class of its own: the kernels that are compiled meanwhile try simulations too.
        held = cls(getattr(Simulation, stage))
        method = staticmethod(held) if stage == "opening" else partialmethod(held)
        monkeypatch.setattr(run, "Simulation", type("HeldSimulation", (Simulation,), {stage: method}))
        return held

    def __call__(self, *args: Any) -> Pieces[Any]:
        pieces = self._source(*args)
        while True:
            self.begun += 1
            if self.begun == self.AT:
                assert self.go.wait(60)
            try:
                next(pieces)
            except StopIteration as ended:
                return ended.value
            yield


class TestLargeStates:
    @pytest.fixture(autouse=True)
    def _every_state_is_large(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """And worked on row by row, each piece of work a slice."""
        monkeypatch.setattr("mfn_server.simulation.run.LARGE_STATE_BYTES", 0)
        monkeypatch.setattr("mfn_server.simulation.plans.FRAMED_CELLS", 0)
        monkeypatch.setattr("mfn_server.simulation.frames.BAND_CELLS", 1)
        monkeypatch.setattr("mfn_server.simulation.frames.PART_BYTES", 1000)
        monkeypatch.setattr("mfn_server.simulation.reports.BAND_CELLS", 1)
        monkeypatch.setattr("mfn_grpc.core.reaction_diffusion.models.base.DRAWN_CELLS", 1)
        ticks = itertools.count()
        monkeypatch.setattr("mfn_server.slices.perf_counter", lambda: float(next(ticks)))

    async def test_the_stream_is_the_same(self, start: Start) -> None:
        server, message = await start(), spec(steps=3)
        answers = await rest_of(stream(server, message))
        assert same_bits(frames(answers), states(message))
        assert [each.std for each in answers[-1].summary.species] == pytest.approx(states(message)[3].std(axis=(1, 2)))

    @pytest.mark.parametrize("stage", ["opening", "finiteness", "make_frame", "summarise"])
    async def test_a_cancelled_call_works_on_no_further_piece(
        self, start: Start, stage: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        held = Held.into(monkeypatch, stage)
        server = await start(compute_threads=1)
        call = stream(server, spec(steps=3))
        reading = asyncio.ensure_future(rest_of(call))
        await eventually(lambda: held.begun == held.AT)
        call.cancel()
        await eventually(lambda: server.application.runtime.admission.running == 0)
        held.go.set()
        await server.application.compute.run("after", lambda: None)
        assert held.begun == held.AT
        with pytest.raises(asyncio.CancelledError):
            await reading

    @pytest.mark.parametrize("stage", ["opening", "finiteness", "make_frame", "summarise"])
    async def test_other_callers_get_their_turn_between_the_pieces(
        self, start: Start, stage: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        held = Held.into(monkeypatch, stage)
        server = await start(compute_threads=1)
        reading = asyncio.ensure_future(rest_of(stream(server, spec(steps=3))))
        await eventually(lambda: held.begun == held.AT)
        other = asyncio.ensure_future(server.application.compute.run("other", lambda: held.begun))
        await asyncio.sleep(0)
        held.go.set()
        assert await other == held.AT
        assert (await reading)[-1].summary.stop_reason == pb.STOP_REASON_COMPLETED

    async def test_time_that_ends_while_a_state_is_begun_is_told_with_no_step_done(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        held = Held.into(monkeypatch, "opening")
        server = await start(compute_threads=1)
        call = stream(server, spec(steps=3))
        await eventually(lambda: held.begun == held.AT)
        monkeypatch.setattr(Call, "time_remaining", lambda _: 0.0)
        held.go.set()
        refusal = await refused(call)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_TOO_SHORT")
        assert refusal.metadata["steps_done"] == "0"
        assert held.begun == held.AT

    async def test_a_drain_while_a_state_is_begun_refuses_the_call(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        held = Held.into(monkeypatch, "opening")
        server = await start(compute_threads=1)
        call = stream(server, spec(steps=3))
        await eventually(lambda: held.begun == held.AT)
        server.application.draining.set()
        held.go.set()
        assert (await refused(call)).reason == "SERVER_DRAINING"
        assert held.begun == held.AT

    async def test_a_drain_while_a_state_is_checked_still_ends_with_a_summary(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        held = Held.into(monkeypatch, "finiteness")
        server = await start(compute_threads=1)
        reading = asyncio.ensure_future(rest_of(stream(server, spec(steps=3))))
        await eventually(lambda: held.begun == held.AT)
        server.application.draining.set()
        held.go.set()
        summary = (await reading)[-1].summary
        assert summary.stop_reason == pb.STOP_REASON_DRAINING
        assert summary.resume_token
        assert len(summary.species) == 2

    async def test_a_state_for_whose_check_there_was_no_time_is_told_nothing_of(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        held = Held.into(monkeypatch, "finiteness")
        server = await start(compute_threads=1)
        call = stream(server, spec(steps=3))
        await eventually(lambda: held.begun == held.AT)
        monkeypatch.setattr(Call, "time_remaining", lambda _: 0.0)
        held.go.set()
        refusal = await refused(call)
        assert refusal.reason == "DEADLINE_TOO_SHORT"
        assert refusal.metadata["resume_token"]

    async def test_one_that_blows_up_is_still_found_at_the_step_where_it_does(self, start: Start) -> None:
        server = await start()
        refusal = await refused(stream(server, diverging()))
        first_bad = min(step for step, state in states(diverging()).items() if not np.isfinite(state).all())
        assert refusal.reason == "FIELD_DIVERGED"
        assert refusal.metadata["step"] == str(first_bad)
        assert refusal.metadata["last_finite_step"] == str(first_bad - 1)
