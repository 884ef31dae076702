"""A running simulation: state, step, and the three ways to advance it, all with the same bits."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from mfn_grpc.core.reaction_diffusion.boundary import ghosts
from mfn_grpc.core.reaction_diffusion.kernels.buffers import paired_buffers
from mfn_grpc.core.reaction_diffusion.kernels.ghosts import Array, fill_ghosts
from mfn_grpc.core.reaction_diffusion.models import MODELS
from mfn_grpc.core.reaction_diffusion.programs import MyceliumProgram, program
from mfn_grpc.core.reaction_diffusion.spec import Precision, SimulationSpec

NUMERICS_VERSION = "1"
MAX_MARCH_STEPS = 1024

Run = Callable[[Callable[[range], None], Iterable[range]], Iterable[None]]


@dataclass(frozen=True)
class Checkpoint:
    """All that a simulation needs to continue: the state [species, rows, cols] after `step`, and its event count."""

    step: int
    state: Array
    growth_events: int


class Simulation:
    """One simulation in two padded buffers. Not thread-safe: one caller advances it at a time.

    The state after a step depends on the spec and the step alone: neither on how many steps a call makes, nor on the
    bands or threads that share the work, nor on checkpoints in between.
    """

    def __init__(self, spec: SimulationSpec, checkpoint: Checkpoint | None = None) -> None:
        """Start a valid spec from its beginning, or from a checkpoint of it."""
        self.spec = spec
        self._program = program(spec)
        species, rows, cols = spec.state_shape
        self._front, self._back = paired_buffers((species, rows + 2, cols + 2), spec.dtype)
        self._ghosts = ghosts((spec.boundaries[0], spec.boundaries[1]), spec.state_shape, spec.dtype)
        self._rows_done = 0
        start = checkpoint or Checkpoint(spec.first_step, _initial_state(spec), 0)
        self.step, self.growth_events = start.step, start.growth_events
        self.state[...] = start.state

    @property
    def state(self) -> Array:
        """The state after `step`, a view [species, rows, cols] that the next advance overwrites."""
        return self._front[:, 1:-1, 1:-1]

    def checkpoint(self) -> Checkpoint:
        """A copy from which a new Simulation of the same spec continues bit for bit."""
        return Checkpoint(self.step, self.state.copy(), self.growth_events)

    def is_finite(self) -> bool:
        """Whether every value of the state is finite."""
        return all(bool(np.isfinite(field).all()) for field in self.state)

    def advance(self, steps: int) -> None:
        """Make `steps` steps on the calling thread."""
        last = self.step + steps
        while self.step < last:
            if self._program.band_rows or self._rows_done:
                self.advance_rows(self.spec.shape[0])
            else:
                self._march(min(last - self.step, MAX_MARCH_STEPS))

    def advance_rows(self, count: int) -> None:
        """Update at least `count` further rows (or the rest) of the next step; the step counts once all are done.

        For grids so large that a whole step would take too long. `state` is the old one until the step is complete.
        """
        rows = self.spec.shape[0]
        first, last = self._rows_done, rows
        if self._rows_done + count < rows:
            height = self._program.band_rows or 1
            last = min(rows, first + -(-count // height) * height)
        if first == 0:
            fill_ghosts(self._front, *self._ghosts)
        self._update(range(first, last))
        self._rows_done = last
        if last == rows:
            self._finish_step()

    def advance_in_bands(self, steps: int, bands: int, run: Run) -> None:
        """Make `steps` steps, each shared out as bands of rows to `run`, for instance a thread pool's map."""
        parts = self._bands(bands)
        for _ in range(steps):
            fill_ghosts(self._front, *self._ghosts)
            for _ in run(self._update, parts):
                pass
            self._finish_step()

    def _march(self, steps: int) -> None:
        forcing = self._program.forcing(self.step, steps, range(0))
        arguments = steps, *self._ghosts, self._program.scalars, forcing
        self._program.march(self._front, self._back, *arguments)
        if steps % 2:
            self._front, self._back = self._back, self._front
        self._count_events(steps)
        self.step += steps

    def _update(self, rows: range) -> None:
        """Write some rows of the next state, in calls no larger than the program allows."""
        height = self._program.band_rows or len(rows)
        for first in range(rows.start, rows.stop, height):
            band = range(first, min(first + height, rows.stop))
            forcing = self._program.forcing(self.step, 1, band)
            self._program.rows(self._front, self._back, band.start, band.stop, 0, self._program.scalars, forcing)

    def _finish_step(self) -> None:
        self._front, self._back = self._back, self._front
        self._rows_done = 0
        self._count_events(1)
        self.step += 1

    def _count_events(self, steps: int) -> None:
        if isinstance(self._program, MyceliumProgram):
            self.growth_events += self._program.growth_events(self.step, steps)

    def _bands(self, count: int) -> list[range]:
        rows, height = self.spec.shape[0], self._program.band_rows or 1
        blocks = -(-rows // height)
        edges = [min(rows, height * (blocks * i // count)) for i in range(count)] + [rows]
        return [range(a, b) for a, b in pairwise(edges) if a < b]


def simulate_reference(spec: SimulationSpec, steps: int) -> Array:
    """The state after `steps` steps by plain numpy, [species, rows, cols]: what the kernels must equal bit for bit."""
    running = program(spec)
    edges = ghosts((spec.boundaries[0], spec.boundaries[1]), spec.state_shape, spec.dtype)
    state = np.zeros((len(spec.model.species), spec.shape[0] + 2, spec.shape[1] + 2), spec.dtype)
    state[:, 1:-1, 1:-1] = _initial_state(spec)
    for step in range(spec.first_step, spec.first_step + steps):
        state = running.reference(state, edges, step)
    return state[:, 1:-1, 1:-1]


def warm_up() -> None:
    """Compile (or load from numba's cache) every kernel, so that no simulation waits for the compiler."""
    for model in MODELS.values():
        for precision in Precision:
            simulation = Simulation(SimulationSpec(model(), steps=2, shape=(4, 4), precision=precision))
            simulation.advance(1)
            simulation.advance_rows(4)


def _initial_state(spec: SimulationSpec) -> np.ndarray[Any, np.dtype[Any]]:
    if spec.initial_state is not None:
        return spec.initial_state
    return spec.model.initial_state(spec.seed, (spec.shape[0], spec.shape[1]))
