"""One simulation on the server: advanced in slices, stopped early when it must be, resumable where it stopped."""

import asyncio
import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import partial
from time import perf_counter

from mfn_grpc.core.features import Measured, measure
from mfn_grpc.core.reaction_diffusion import Checkpoint, Simulation
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.compute import NoWorkerInTime
from mfn_server.rpc import Call
from mfn_server.runtime import Runtime
from mfn_server.simulation.frames import FrameArray, is_large, make_frame
from mfn_server.simulation.plans import Plan
from mfn_server.slices import Sliced, Stopped

FIRST_RATE = 2e7
"""Cells a second assumed until the first slice has been timed; low, so that the first slice is short.

A unit of a simulation's work is about a row of cells.
"""


class Diverged(Exception):
    """The field stopped being finite at or before `step`; it was finite at `last_finite_step`."""

    def __init__(self, step: int, last_finite_step: int) -> None:
        super().__init__(f"not finite at step {step}")
        self.step, self.last_finite_step = step, last_finite_step


@dataclass(frozen=True)
class RunFrame:
    """The state at a step in the form asked for, and the features of the run so far when they were asked for."""

    step: int
    arrays: list[FrameArray]
    measured: Measured | None


class Run:
    """Owns the Simulation of one call. `stop_reason` says why `advance_to` or `frames` ended."""

    def __init__(self, runtime: Runtime, plan: Plan, call: Call, simulation: Simulation) -> None:
        self._runtime, self._plan, self._call = runtime, plan, call
        self.simulation = simulation
        self.run_id = plan.resumed.run_id if plan.resumed else os.urandom(16)
        self.stop_reason = pb.STOP_REASON_COMPLETED
        self.compute_seconds = 0.0
        self._unsaved_seconds = 0.0
        self._rate = FIRST_RATE / plan.spec.shape[1]
        self._measured: tuple[int, Measured] | None = None

    @classmethod
    async def open(cls, runtime: Runtime, plan: Plan, call: Call) -> "Run":
        """A run at its beginning, or at the last checkpoint that its resume token can use."""
        checkpoint = await _restore(runtime, plan, call.principal)
        simulation = await runtime.urgent(call, partial(Simulation, plan.spec, checkpoint, plan.watched))
        return cls(runtime, plan, call, simulation)

    async def frames(self) -> AsyncGenerator[RunFrame, None]:
        """The frames still due, each computed when it is asked for; fewer when the run must stop."""
        for step in self._plan.frame_steps():
            if not await self.advance_to(step) or (frame := await self._frame()) is None:
                return
            yield frame
        # A stream that broke between its last frame and its summary is resumed with no frame due.
        await self.complete()

    async def complete(self) -> bool:
        """Compute up to the last step, and its features where wanted; False when the run had to stop before."""
        if await self.advance_to(self._plan.spec.last_step):
            await self._measure()
        return self.stop_reason == pb.STOP_REASON_COMPLETED

    @property
    def final_features(self) -> Measured | None:
        """The features of the whole run, once it is complete and where they are wanted."""
        if self.stop_reason != pb.STOP_REASON_COMPLETED or self._measured is None:
            return None
        return self._measured[1]

    async def advance_to(self, step: int) -> bool:
        """Compute up to a step, slice by slice; False when the run had to stop before."""
        while self.simulation.step < step:
            if reason := self._runtime.reason_to_stop(self._call, self._runtime.pace.slice_s):
                self.stop_reason = reason
                return False
            try:
                seconds = await self._advance(step)
            except NoWorkerInTime:
                self.stop_reason = pb.STOP_REASON_DEADLINE
                return False
            self.compute_seconds += seconds
            self._unsaved_seconds += seconds
            if self._unsaved_seconds >= self._runtime.pace.checkpoint_s:
                await self.save()
        return True

    async def _advance(self, step: int) -> float:
        """One slice towards a step, and, of a large state, a job of its own that checks it; the seconds they took."""
        compute, principal, before = self._runtime.compute, self._call.principal, self.simulation.step
        patience_s = self._runtime.patience_s(self._call, self._runtime.pace.slice_s)
        seconds = await compute.run(principal, partial(self._slice, step), patience_s)
        if self.simulation.step > before and is_large(self.simulation.spec):
            seconds += await compute.urgent(principal, partial(self._check, before))
        return seconds

    async def save(self) -> None:
        """Write a checkpoint where there is a store and anything to save."""
        store, plan, simulation = self._runtime.checkpoints, self._plan, self.simulation
        if store is None or not self._unsaved_seconds:
            return
        self._unsaved_seconds = 0.0
        record = None if simulation.history is None else simulation.history.record
        checkpoint = Checkpoint(simulation.step, simulation.state, simulation.growth_events, record)
        await asyncio.to_thread(store.save, self._call.principal, self.run_id, plan.spec_hash, checkpoint, plan.watched)

    async def forget(self) -> None:
        """Delete the checkpoint of a run that is complete."""
        if self._runtime.checkpoints is not None:
            await asyncio.to_thread(self._runtime.checkpoints.delete, self._call.principal, self.run_id)

    async def _frame(self) -> RunFrame | None:
        """The present state; None when there was no time left to look at it."""
        if not await self._measure() or (arrays := await self._arrays()) is None:
            return None
        return RunFrame(self.simulation.step, arrays, self._measured and self._measured[1])

    async def _measure(self) -> bool:
        """See to the features of the run so far, where they are wanted; False when the run had to stop before."""
        watch, simulation = self._plan.watch, self.simulation
        if watch is None or (self._measured is not None and self._measured[0] == simulation.step):
            return True
        pieces = measure(simulation.state[watch.species], simulation.history, watch.thresholds)
        measuring = Sliced(self._runtime, self._call, pieces)
        try:
            self._measured = simulation.step, await measuring.result()
        except Stopped as stopped:
            self.stop_reason = stopped.reason
            return False
        finally:
            self.compute_seconds += measuring.seconds
        return True

    async def _arrays(self) -> list[FrameArray] | None:
        """The state in the form asked for; None when no worker was free in time."""
        runtime, call, state, arrays = self._runtime, self._call, self.simulation.state, list[FrameArray]()
        try:
            for piece in self._plan.form.pieces(self._plan.spec):
                make = partial(make_frame, piece, state)
                arrays += await runtime.compute.urgent(call.principal, make, runtime.patience_s(call))
        except NoWorkerInTime:
            self.stop_reason = pb.STOP_REASON_DEADLINE
            return None
        return arrays

    def _slice(self, until: int) -> float:
        """Compute for about one slice, on a worker thread; returns the seconds it took."""
        simulation, spec = self.simulation, self.simulation.spec
        before, started = simulation.step, perf_counter()
        affordable = self._rate * self._runtime.pace.slice_s / 2
        steps = min(until - simulation.step, int(affordable // simulation.units_per_step))
        if steps:
            simulation.advance(steps)
            units = steps * simulation.units_per_step
        else:
            units = simulation.advance_units(max(1, int(affordable)))
        if simulation.step > before and not is_large(spec):
            self._require_finite(before)
        seconds = perf_counter() - started
        self._rate = units / max(seconds, 1e-6)
        return seconds

    def _check(self, last_finite_step: int) -> float:
        """Look at the whole state, on a worker thread; returns the seconds it took."""
        started = perf_counter()
        self._require_finite(last_finite_step)
        return perf_counter() - started

    def _require_finite(self, last_finite_step: int) -> None:
        if not self.simulation.is_finite():
            raise Diverged(self.simulation.step, last_finite_step)


async def _restore(runtime: Runtime, plan: Plan, principal: str) -> Checkpoint | None:
    """The checkpoint of a resumed run, when there is one at or before the next frame."""
    due = next(plan.frame_steps(), plan.spec.last_step)
    if runtime.checkpoints is None or plan.resumed is None:
        return None
    stored = await asyncio.to_thread(
        runtime.checkpoints.load, principal, plan.resumed.run_id, plan.spec_hash, plan.watched
    )
    return stored if stored is not None and stored.step <= due else None
