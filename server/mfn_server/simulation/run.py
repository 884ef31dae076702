"""One simulation on the server: advanced in slices, stopped early when it must be, resumable where it stopped."""

import asyncio
import math
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from functools import partial
from time import perf_counter
from typing import TypeVar

from mfn_grpc.core.features import Measured, measure
from mfn_grpc.core.pieces import Pieces, finish
from mfn_grpc.core.reaction_diffusion import Checkpoint, Simulation
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.compute import NoWorkerInTime
from mfn_server.rpc.call import Call
from mfn_server.runtime import Runtime
from mfn_server.sharing import Sharing
from mfn_server.simulation.framing import Framing, RunFrame, Seals
from mfn_server.simulation.plans import Plan
from mfn_server.simulation.reports import add_features, summarise
from mfn_server.simulation.slice_spans import SliceSpans
from mfn_server.slices import Sliced, Stopped, prepared
from mfn_server.telemetry.metrics.following import Followed

FIRST_RATE = 2e7
"""Cells a second assumed until the first slice has been timed; low, so that the first slice is short.

A unit of a simulation's work is about a row of cells.
"""
CLOSING_RATE = 1e8
"""Values a second at which a last state is taken to be checked and summed up."""
SHARED_S = 0.005
"""A slice that takes one thread less is not worth waking another."""
SHARED_CELLS = 512 * 512
"""A grid of fewer is not worth another thread: to wake it takes as long as several rows."""
LARGE_STATE_BYTES = 32 * 1024 * 1024
"""A larger state is checked apart from the slice that makes it."""

T = TypeVar("T")


class Diverged(Exception):
    """The field stopped being finite at or before `step`; it was finite at `last_finite_step`."""

    def __init__(self, step: int, last_finite_step: int) -> None:
        super().__init__(f"not finite at step {step}")
        self.step, self.last_finite_step = step, last_finite_step


class Run:
    """Owns the Simulation of one call. `stop_reason` says why `advance_to` or `frames` ended."""

    def __init__(self, runtime: Runtime, plan: Plan, call: Call, simulation: Simulation, followed: Followed) -> None:
        self._runtime, self._plan, self._call, self.followed = runtime, plan, call, followed
        self.simulation = simulation
        self.run_id = plan.resumed.run_id if plan.resumed else os.urandom(16)
        self.stop_reason = pb.STOP_REASON_COMPLETED
        self.compute_seconds = 0.0
        self._spans = SliceSpans()
        self._unsaved_seconds = 0.0
        self._rate = FIRST_RATE / plan.spec.shape[1]
        self._finite_step = simulation.step
        self._measured: tuple[int, Measured] | None = None
        self._framing: Framing | None = None
        # What is watched is looked at in order, on one thread, and measured before its frame is made.
        self._can_be_shared = plan.spec.cells >= SHARED_CELLS and plan.watch is None
        summing_s, measuring_s = math.prod(plan.spec.state_shape) / CLOSING_RATE, runtime.pace.slice_s
        self._closing_s = summing_s if plan.watch is None else summing_s + measuring_s
        followed.begin(self)

    @classmethod
    async def open(cls, runtime: Runtime, plan: Plan, call: Call, followed: Followed) -> "Run":
        """A run at its beginning, or at the last checkpoint that its resume token can use."""
        checkpoint = await _restore(runtime, plan, call.principal)
        opening = Simulation.opening(plan.spec, checkpoint, plan.watched)
        return cls(runtime, plan, call, await prepared(runtime, call, opening), followed)

    async def frames(self, seals: Seals) -> AsyncGenerator[Sequence[RunFrame], None]:
        """The frames still due, as many at once as one slice makes; fewer in all when the run must stop."""
        framing = self._framing = Framing(self._plan, seals)
        try:
            while framing.due is not None:
                try:
                    reached = await self._frame(framing, framing.due)
                except Diverged:
                    yield framing.take()  # those before it are finite
                    raise
                if not reached:
                    return
                yield framing.take()
            self._framing = None
            # A stream that broke between its last frame and its summary is resumed with no frame due.
            await self.complete()
        finally:
            self._spans.flush()

    async def complete(self) -> bool:
        """Compute up to the last step, and its features where wanted; False when the run had to stop before."""
        try:
            if await self.advance_to(self._plan.spec.last_step):
                await self._features()
        except Stopped as stopped:
            self.stop_reason = stopped.reason
        finally:
            self._spans.flush()
        return self.stop_reason == pb.STOP_REASON_COMPLETED

    async def advance_to(self, step: int) -> bool:
        """Compute up to a step, slice by slice; False when the run had to stop before."""
        while self.simulation.step < step:
            try:
                await self._advance(step)
            except Stopped as stopped:
                self.stop_reason = stopped.reason
                return False
            if self._unsaved_seconds >= self._runtime.pace.checkpoint_s:
                await self.save()
        return True

    async def _advance(self, step: int) -> None:
        """One slice towards a step, and the check of a large state that it completed."""
        runtime, call = self._runtime, self._call
        needed_s = runtime.pace.slice_s + self._closing_s
        if reason := runtime.reason_to_stop(call, needed_s):
            raise Stopped(reason)
        from_step = self.simulation.step
        try:
            patience_s = runtime.patience_s(call, needed_s)
            work = partial(self._slice, step)
            compute = runtime.compute.shared if self._is_shared(step) else runtime.compute.run
            seconds = await compute(call.principal, work, patience_s)
        except NoWorkerInTime:
            raise Stopped(pb.STOP_REASON_DEADLINE) from None
        self._spans.add(from_step, self.simulation.step, seconds)
        self.compute_seconds += seconds
        self._unsaved_seconds += seconds
        self.followed.advanced()
        if self._finite_step != self.simulation.step:
            self._require_finite(await self._computed(self.simulation.finiteness(), short=True, closing=True))

    async def save(self) -> None:
        """Write a checkpoint where there is a store and anything to save."""
        store, plan, simulation = self._runtime.checkpoints, self._plan, self.simulation
        if store is None or not self._unsaved_seconds or self._finite_step != simulation.step:
            return
        self._unsaved_seconds = 0.0
        record = None if simulation.history is None else simulation.history.record
        checkpoint = Checkpoint(simulation.step, simulation.state, simulation.growth_events, record)
        await asyncio.to_thread(store.save, self._call.principal, self.run_id, plan.spec_hash, checkpoint, plan.watched)

    async def forget(self) -> None:
        """Delete the checkpoint of a run that is complete."""
        if self._runtime.checkpoints is not None:
            await asyncio.to_thread(self._runtime.checkpoints.delete, self._call.principal, self.run_id)

    async def summary(self) -> pb.Summary | None:
        """What the run came to, without its token; None when there was no time to look at the last state.

        The features of a run that stopped are those so far. They are left out when the time left does not do for them,
        and within a step of a large grid: the history has taken in a part of its changes.
        """
        if self._finite_step != self.simulation.step:
            return None
        summing = summarise(self.simulation, self.stop_reason, self.compute_seconds)
        try:
            summary = await self._computed(summing, short=True, closing=True)
        except Stopped:
            return None
        with suppress(Stopped):
            if self._plan.watch is not None and (measured := await self._features(closing=True)) is not None:
                add_features(summary, measured, self._plan.watch)
                self._runtime.metrics.simulations.measured(self._plan.spec, measured)
        summary.compute_seconds = self.compute_seconds
        return summary

    async def _frame(self, framing: Framing, step: int) -> bool:
        """Make the frame of a step, and perhaps some that follow; False when there was no time left for it."""
        if not await self.advance_to(step):
            return False
        try:
            if framing.due == step:  # no slice has made it
                measured = await self._features()
                await self._computed(framing.making(self.simulation, measured), short=True)
        except Stopped as stopped:
            self.stop_reason = stopped.reason
            return False
        return True

    async def _features(self, *, closing: bool = False) -> Measured | None:
        """The features of the run so far; None where they are not wanted, or not known within a step."""
        watch, simulation = self._plan.watch, self.simulation
        if watch is not None and (self._measured is None or self._measured[0] != simulation.step):
            if simulation.is_amid_a_step:
                return None
            pieces = measure(simulation.state[watch.species], simulation.history, watch.thresholds)
            self._measured = simulation.step, await self._computed(pieces, closing=closing)
        return self._measured and self._measured[1]

    async def _computed(self, pieces: Pieces[T], *, short: bool = False, closing: bool = False) -> T:
        """The result of a computation of this run, whose time counts; Stopped when it had to end before."""
        reserve_s = 0 if closing else self._closing_s
        computation = Sliced(self._runtime, self._call, pieces, short=short, closing=closing, reserve_s=reserve_s)
        try:
            return await computation.result()
        finally:
            self.compute_seconds += computation.seconds

    def _slice(self, until: int, sharing: Sharing | None = None) -> float:
        """Compute for about one slice, on a worker thread and those that help it; returns the seconds it took."""
        simulation, hands = self.simulation, 1 if sharing is None else sharing.hands
        before, started = simulation.step, perf_counter()
        alone = sharing is None or hands == 1 or simulation.is_amid_a_step
        shared = 0 if alone or sharing is None else self._advance_together(until, started, sharing)
        units = shared or self._advance_alone(until)
        self._look(before)
        if self._framing is not None and self._plan.is_framed_at_once and simulation.step == self._framing.due:
            units += self._make_frames(self._framing, started, alone=not shared)
        seconds = perf_counter() - started
        self._rate = units / max(seconds, 1e-6) / (hands if shared else 1)
        return seconds

    def _look(self, before: int) -> None:
        """Whether steps that were made since are finite; a large state is looked at apart."""
        if self.simulation.step > before and self.simulation.state.nbytes <= LARGE_STATE_BYTES:
            self._require_finite(self.simulation.is_finite())

    def _make_frames(self, framing: Framing, started: float, *, alone: bool) -> int:
        """The frame of this step and, alone, of as many more as fit half a slice; returns the units of work done."""
        units, began, simulation = 0, started, self.simulation
        while framing.due == simulation.step:
            finish(framing.making(simulation))
            if not alone or framing.is_full:
                break
            now = perf_counter()
            if now - started + now - began > self._runtime.pace.slice_s / 2:
                break
            began, before = now, simulation.step
            units += self._advance_alone(framing.due)
            self._look(before)
        return units

    def _is_shared(self, until: int) -> bool:
        """Whether a slice towards a step is worth more than one thread."""
        units = (until - self.simulation.step) * self.simulation.units_per_step
        return self._can_be_shared and units >= self._rate * SHARED_S

    def _advance_alone(self, until: int) -> int:
        """Steps for half a slice, or a part of what takes longer; returns the units of work done."""
        affordable = self._rate * self._runtime.pace.slice_s / 2
        return self.simulation.advance_towards(until, max(1, int(affordable)))

    def _advance_together(self, until: int, started: float, sharing: Sharing) -> int:
        """Steps for half a slice, on all threads there are; returns the units of work done, 0 where a step is too long.

        Never more at once than one thread does in the rest of the slice, for the others may be sent away.
        """
        simulation, slice_s = self.simulation, self._runtime.pace.slice_s
        first, elapsed_s = simulation.step, 0.0
        while elapsed_s < slice_s / 4:
            hands = sharing.hands
            affordable = self._rate * min(slice_s - elapsed_s, hands * (slice_s / 2 - elapsed_s))
            steps = min(until - simulation.step, int(affordable // simulation.units_per_step))
            if not steps:
                break
            simulation.advance_in_bands(steps, hands, sharing.share)
            elapsed_s = perf_counter() - started
        return (simulation.step - first) * simulation.units_per_step

    def _require_finite(self, is_finite: bool) -> None:
        if not is_finite:
            raise Diverged(self.simulation.step, self._finite_step)
        self._finite_step = self.simulation.step


async def _restore(runtime: Runtime, plan: Plan, principal: str) -> Checkpoint | None:
    """The checkpoint of a resumed run, when there is one at or before the next frame."""
    due = next(plan.frame_steps(), plan.spec.last_step)
    if runtime.checkpoints is None or plan.resumed is None:
        return None
    stored = await asyncio.to_thread(
        runtime.checkpoints.load, principal, plan.resumed.run_id, plan.spec_hash, plan.watched
    )
    return stored if stored is not None and stored.step <= due else None
