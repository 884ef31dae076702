"""One simulation on the server: advanced in slices, stopped early when it must be, resumable where it stopped."""

import asyncio
import os
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from functools import partial
from time import perf_counter

from mfn_grpc.core.reaction_diffusion import Checkpoint, Simulation, SimulationSpec
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.rpc import Call
from mfn_server.simulation.engine import ANSWER_MARGIN_S, Engine
from mfn_server.simulation.frames import FrameArray, FrameForm, frame_steps, make_frame
from mfn_server.simulation.tokens import Position

FIRST_RATE = 2e7
"""Cells a second assumed until the first slice has been timed; low, so that the first slice is short."""


class Diverged(Exception):
    """The field stopped being finite at or before `step`; it was finite at `last_finite_step`."""

    def __init__(self, step: int, last_finite_step: int) -> None:
        super().__init__(f"not finite at step {step}")
        self.step, self.last_finite_step = step, last_finite_step


@dataclass(frozen=True)
class Plan:
    """A request understood: what to simulate, when and how to send frames, and where an earlier stream stood."""

    spec: SimulationSpec
    spec_hash: bytes
    form: FrameForm
    stride: int
    resumed: Position | None

    @property
    def bytes_needed(self) -> int:
        """State buffers, and one frame sent while the next is made."""
        species, rows, cols = self.spec.state_shape
        return 2 * species * (rows + 2) * (cols + 2) * self.spec.dtype.itemsize + 2 * self.form.nbytes(self.spec)

    def frame_steps(self) -> Iterator[int]:
        """Steps of the frames still to be sent."""
        after = self.resumed.step if self.resumed else None
        return frame_steps(self.spec.first_step, self.spec.last_step, self.stride, after)


class Run:
    """Owns the Simulation of one call. `stop_reason` says why `advance_to` or `frames` ended."""

    def __init__(self, engine: Engine, plan: Plan, call: Call, simulation: Simulation) -> None:
        self._engine, self._plan, self._call = engine, plan, call
        self.simulation = simulation
        self.run_id = plan.resumed.run_id if plan.resumed else os.urandom(16)
        self.stop_reason = pb.STOP_REASON_COMPLETED
        self.compute_seconds = 0.0
        self._unsaved_seconds = 0.0
        self._rate = FIRST_RATE

    @classmethod
    async def open(cls, engine: Engine, plan: Plan, call: Call) -> "Run":
        """A run at its beginning, or at the last checkpoint that its resume token can use."""
        checkpoint = await _restore(engine, plan, call.principal)
        simulation = await engine.compute.run(call.principal, partial(Simulation, plan.spec, checkpoint))
        return cls(engine, plan, call, simulation)

    async def frames(self) -> AsyncGenerator[tuple[int, list[FrameArray]], None]:
        """The frames still due, each computed when it is asked for; fewer when the run must stop."""
        for step in self._plan.frame_steps():
            if not await self.advance_to(step):
                return
            make = partial(make_frame, self._plan.form, self.simulation.state)
            yield step, await self._engine.compute.run(self._call.principal, make)
        # A stream that broke between its last frame and its summary is resumed with no frame due.
        await self.advance_to(self._plan.spec.last_step)

    async def advance_to(self, step: int) -> bool:
        """Compute up to a step, slice by slice; False when the run had to stop before."""
        while self.simulation.step < step:
            if reason := self._reason_to_stop():
                self.stop_reason = reason
                return False
            seconds = await self._engine.compute.run(self._call.principal, partial(self._slice, step))
            self.compute_seconds += seconds
            self._unsaved_seconds += seconds
            if self._unsaved_seconds >= self._engine.pace.checkpoint_s:
                await self.save()
        return True

    async def save(self) -> None:
        """Write a checkpoint where there is a store and anything to save."""
        store, plan, simulation = self._engine.checkpoints, self._plan, self.simulation
        if store is None or not self._unsaved_seconds:
            return
        self._unsaved_seconds = 0.0
        checkpoint = Checkpoint(simulation.step, simulation.state, simulation.growth_events)
        await asyncio.to_thread(store.save, self._call.principal, self.run_id, plan.spec_hash, checkpoint)

    async def forget(self) -> None:
        """Delete the checkpoint of a run that is complete."""
        if self._engine.checkpoints is not None:
            await asyncio.to_thread(self._engine.checkpoints.delete, self._call.principal, self.run_id)

    def _reason_to_stop(self) -> pb.StopReason | None:
        if self._engine.draining.is_set():
            return pb.STOP_REASON_DRAINING
        remaining = self._call.time_remaining()
        if remaining is not None and remaining < self._engine.pace.slice_s + ANSWER_MARGIN_S:
            return pb.STOP_REASON_DEADLINE
        return None

    def _slice(self, until: int) -> float:
        """Compute for about one slice, on a worker thread; returns the seconds it took."""
        simulation, spec = self.simulation, self.simulation.spec
        before, started = simulation.step, perf_counter()
        affordable = self._rate * self._engine.pace.slice_s / 2
        steps = min(until - simulation.step, int(affordable // spec.cells))
        if steps:
            simulation.advance(steps)
            cells = steps * spec.cells
        else:
            rows = min(spec.shape[0], max(1, int(affordable // spec.shape[1])))
            simulation.advance_rows(rows)
            cells = rows * spec.shape[1]
        if simulation.step > before and not simulation.is_finite():
            raise Diverged(simulation.step, before)
        seconds = perf_counter() - started
        self._rate = cells / max(seconds, 1e-6)
        return seconds


async def _restore(engine: Engine, plan: Plan, principal: str) -> Checkpoint | None:
    """The checkpoint of a resumed run, when there is one at or before the next frame."""
    due = next(plan.frame_steps(), plan.spec.last_step)
    if engine.checkpoints is None or plan.resumed is None:
        return None
    stored = await asyncio.to_thread(engine.checkpoints.load, principal, plan.resumed.run_id, plan.spec_hash)
    return stored if stored is not None and stored.step <= due else None
