"""A running simulation: state, step, and the three ways to advance it, all with the same bits."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise, product

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.bands import bands
from mfn_grpc.core.features.history import History
from mfn_grpc.core.features.kernels.watching import watch_step
from mfn_grpc.core.pieces import Pieces, finish
from mfn_grpc.core.reaction_diffusion.kernels.buffers import apart_buffers
from mfn_grpc.core.reaction_diffusion.models import MODELS
from mfn_grpc.core.reaction_diffusion.programs import (
    MOST_STEPS,
    Blocks,
    March,
    MyceliumProgram,
    Pass,
    Watch,
    even_block,
    program,
)
from mfn_grpc.core.reaction_diffusion.spec import Precision, SimulationSpec, steppers_of

NUMERICS_VERSION = "1"
MAX_MARCH_STEPS = 1024

Run = Callable[[Callable[[range], None], Iterable[range]], Iterable[None]]


@dataclass(frozen=True)
class Checkpoint:
    """All that a simulation needs to continue: the state [species, rows, cols] after `step`, and its event count.

    history: the record of the History of the species that was watched, or None.
    """

    step: int
    state: Array
    growth_events: int
    history: Array | None = None


class Simulation:
    """One simulation in its buffers. Not thread-safe: one caller advances it at a time.

    The state after a step depends on the spec and the step alone: neither on how many steps a call makes, nor on the
    bands or threads that share the work, nor on checkpoints in between, nor on whether a species is watched. So does
    the history of a watched species. (SEMI_IMPLICIT: on one build and one type of processor.)

    step, growth_events: where the run stands. history: of the watched species, None when none is.
    units_per_step: work that one step takes, for `advance_units`.

    Large grids are stepped in blocks of several steps, see `programs.blocks`: the state is that after `step` until a
    block is complete. Watched runs, jitter, RK4 and SEMI_IMPLICIT are stepped one by one.
    """

    def __init__(self, spec: SimulationSpec, checkpoint: Checkpoint | None = None, watched: int | None = None) -> None:
        """Start a valid spec from its beginning, or from a checkpoint of it; `watched` is the index of a species.

        Its history goes on from the checkpoint's; where there is none, it begins with the first state.
        """
        finish(self._open(spec, checkpoint, watched))

    @classmethod
    def opening(
        cls, spec: SimulationSpec, checkpoint: Checkpoint | None = None, watched: int | None = None
    ) -> Pieces["Simulation"]:
        """What the constructor makes, in pieces: the first state of a large grid takes a second."""
        simulation = cls.__new__(cls)
        yield from simulation._open(spec, checkpoint, watched)  # noqa: SLF001  # another constructor of this class
        return simulation

    def _open(self, spec: SimulationSpec, checkpoint: Checkpoint | None, watched: int | None) -> Pieces[None]:
        self.spec = spec
        self._program = program(spec)
        self._buffers = apart_buffers(self._program.layout)
        self._pass, self._line, self._block = 0, 0, 0
        self._blocks: Blocks | None = self._program.blocks if watched is None else None
        self._rings = list[Array]()
        self.units_per_step = sum(each.lines * each.cost for each in self._program.passes)
        self.step = spec.first_step if checkpoint is None else checkpoint.step
        self.growth_events = 0 if checkpoint is None else checkpoint.growth_events
        yield from _fill(self.state, spec, None if checkpoint is None else checkpoint.state)
        self.history: History | None = None
        if watched is not None:
            self.history = yield from _history(checkpoint, self.state[watched])
        self._watch = Watch.over(spec, watched, self.history)
        for buffer in self._buffers[1:]:
            yield from _touch(buffer)

    @property
    def state(self) -> Array:
        """The state after `step`, a view [species, rows, cols] that the next advance overwrites."""
        return self._buffers[0][:, 1:-1, 1:-1]

    @property
    def is_amid_a_step(self) -> bool:
        """Whether a step, or a block of steps, has been begun by `advance_units` and is not complete."""
        return (self._pass, self._line) != (0, 0)

    def checkpoint(self) -> Checkpoint:
        """A copy from which a new Simulation of the same spec continues bit for bit."""
        record = None if self.history is None else self.history.record.copy()
        return Checkpoint(self.step, self.state.copy(), self.growth_events, record)

    def is_finite(self) -> bool:
        """Whether every value of the state is finite."""
        return finish(self.finiteness())

    def finiteness(self) -> Pieces[bool]:
        """Whether every value of the state is finite; it must not change between the pieces."""
        species, rows, cols = self.state.shape
        for band in bands((rows, species * cols)):
            if not _is_finite(self.state[:, band]):
                return False
            yield
        return True

    def advance(self, steps: int) -> None:
        """Make `steps` steps on the calling thread."""
        last = self.step + steps
        while self.step < last:
            left = last - self.step
            if self._is_begun(last) or self._begin_block(left):
                self.advance_units(self.units_per_step * left, last)
            elif (march := self._program.march) is None:
                self.advance_units(self.units_per_step)
            else:
                self._run(march, min(left, MAX_MARCH_STEPS))

    def advance_towards(self, step: int, units: int) -> int:
        """Do about `units` units of work, no step beyond `step`; returns how many were done: 0 only where none is left.

        In whole steps where they and their blocks fit into so much work, else in parts of them.
        """
        if step <= self.step:
            return 0
        steps = min(step - self.step, units // self.units_per_step)
        fitting = min(step - self.step, MOST_STEPS) if self._blocks is not None and self._blocks.pays else 1
        if self.is_amid_a_step or steps < fitting:
            return self.advance_units(max(1, units), step)
        self.advance(steps)
        return steps * self.units_per_step

    def advance_units(self, count: int, until: int | None = None) -> int:
        """Do at least `count` further units of work, or the rest of the step; returns how many were done.

        For grids so large that a whole step would take too long: `units_per_step` of them are one step, and they take
        about equally long. `state` is the old one until the step is complete. With `until`, the number of a step that
        must not be passed, a large grid is stepped in blocks up to there, and it is the rest of a block that is done; a
        block of n steps takes a few units more than n times `units_per_step`.
        """
        if until is not None and until <= self.step:
            return 0
        if until is not None and not self._is_begun(until):
            self._begin_block(until - self.step)
        if self._block and self._blocks is not None:
            return self._advance_block(self._blocks, count)
        done, step = 0, self.step
        while done < count and self.step == step:
            current = self._program.passes[self._pass]
            first, block = self._line, current.block or 1
            last = min(current.lines, first + -(-(count - done) // (current.cost * block)) * block)
            if first == 0:
                self._program.prepare(self._buffers, self._pass)
            self._work(self._pass, range(first, last))
            done += (last - first) * current.cost
            self._line = last
            if last == current.lines:
                self._finish_pass()
        return done

    def advance_in_bands(self, steps: int, bands: int, run: Run) -> None:
        """Make `steps` steps, every pass of each shared out as bands of lines to `run`, such as a thread pool's map.

        As many bands as threads that are idle; more only cost time. Steps are made in blocks, at the end of which alone
        the bands wait for one another: of up to 16 steps, fewer where bands are low, see `Blocks.steps_in_bands`. The
        last pass of a watched run is made in order, on the calling thread.
        """
        last = self.step + steps
        while self.step < last:
            left = last - self.step
            most = 1 if self._blocks is None else self._blocks.steps_in_bands(bands)
            if self._is_begun(last):
                self.advance_units(self.units_per_step * left, last)
            elif self._blocks is not None and min(most, left) > 1:
                self._block_in_bands(self._blocks, even_block(left, most), bands, run)
            else:
                self._step_in_bands(bands, run)

    def warm_up_blocks(self) -> None:
        """Compile what makes blocks, if anything does, and make one that leaves the history out."""
        if (blocks := self._program.blocks) is not None:
            self._block_in_bands(blocks, 2, 1, map)

    def _is_begun(self, last: int) -> bool:
        """Whether a step or a block is begun; a block that would end after step `last` is given up."""
        if self.step + self._block > last:
            self._block = self._line = 0
        return self.is_amid_a_step

    def _begin_block(self, left: int) -> bool:
        """Begin a block of at most `left` steps where blocks pay; whether it was."""
        if self._blocks is None or not self._blocks.pays or left < 2:
            return False
        self._program.prepare(self._buffers, 0)
        self._block = even_block(left, MOST_STEPS)
        self._need_rings(self._blocks, 1)
        return True

    def _advance_block(self, blocks: Blocks, count: int) -> int:
        steps, beats = range(self.step, self.step + self._block), blocks.beats(self._block)
        part = range(self._line, min(beats, self._line + -(-count // len(steps))))
        blocks.work(self._buffers, self._rings[0], range(self.spec.shape[0]), steps, part)
        self._line = part.stop
        if self._line == beats:
            self._line = self._block = 0
            self._finish_block(len(steps))
        return len(part) * len(steps)

    def _block_in_bands(self, blocks: Blocks, steps: int, bands: int, run: Run) -> None:
        self._program.prepare(self._buffers, 0)
        parts = _parts(self._program.passes[0], bands)
        self._need_rings(blocks, len(parts))
        rings, block = {part.start: ring for part, ring in zip(parts, self._rings, strict=False)}, self.step

        def work(part: range) -> None:
            blocks.work(self._buffers, rings[part.start], part, range(block, block + steps))

        for _ in run(work, parts):
            pass
        self._finish_block(steps)

    def _need_rings(self, blocks: Blocks, count: int) -> None:
        self._rings += [blocks.ring() for _ in range(count - len(self._rings))]

    def _finish_block(self, steps: int) -> None:
        self._swap()
        self._count(steps)

    def _run(self, march: March, steps: int) -> None:
        march(self._buffers, self.step, steps, self._watch)
        if steps % 2:
            self._swap()
        self._count(steps)

    def _work(self, number: int, lines: range) -> None:
        """Do some lines of a pass."""
        height = self._program.passes[number].block or len(lines)
        for first in range(lines.start, lines.stop, height):
            band = range(first, min(first + height, lines.stop))
            self._program.work(self._buffers, number, band, self.step, self._watch)

    def _step_in_bands(self, bands: int, run: Run) -> None:
        for number, whole in enumerate(self._program.passes):
            self._program.prepare(self._buffers, number)
            # What is watched is looked at row by row, in order.
            in_order = self.history is not None and number == len(self._program.passes) - 1
            for _ in (map if in_order else run)(partial(self._work, number), _parts(whole, bands)):
                pass
        self._finish_step()

    def _finish_pass(self) -> None:
        self._line = 0
        self._pass = (self._pass + 1) % len(self._program.passes)
        if self._pass == 0:
            self._finish_step()

    def _finish_step(self) -> None:
        if self.history is not None:
            watch_step(self._watch.sums, self._watch.record, self.spec.cells)
        self._swap()
        self._count(1)

    def _swap(self) -> None:
        front, back, *others = self._buffers
        self._buffers = back, front, *others

    def _count(self, steps: int) -> None:
        if isinstance(self._program, MyceliumProgram):
            self.growth_events += self._program.growth_events(self.step, steps)
        self.step += steps


def state_bytes(spec: SimulationSpec) -> int:
    """Bytes of all buffers that a Simulation of a valid spec holds, one thread working at it.

    Every further band of `advance_in_bands` keeps some rows of its own, 4 MiB at most.
    """
    running = program(spec)
    return sum(room.nbytes for room in running.layout) + (running.blocks.ring_bytes if running.blocks else 0)


def simulate_reference(spec: SimulationSpec, steps: int) -> Array:
    """The state after `steps` steps by plain numpy, [species, rows, cols].

    What the kernels of EULER and RK4 must equal bit for bit, and those of SEMI_IMPLICIT to rounding.
    """
    running = program(spec)
    state = np.zeros((len(spec.model.species), spec.shape[0] + 2, spec.shape[1] + 2), spec.dtype)
    finish(_fill(state[:, 1:-1, 1:-1], spec, None))
    for step in range(spec.first_step, spec.first_step + steps):
        state = running.reference(state, step)
    return state[:, 1:-1, 1:-1]


def warm_up() -> None:
    """Compile (or load from numba's cache) every kernel, so that no simulation waits for the compiler."""
    for model, precision in product(MODELS.values(), Precision):
        for stepper in steppers_of(model):
            spec = SimulationSpec(model(), steps=2, shape=(4, 4), precision=precision, stepper=stepper)
            simulation = Simulation(spec, watched=0)
            simulation.advance(1)
            simulation.advance_units(simulation.units_per_step)
            simulation.warm_up_blocks()


def _fill(state: Array, spec: SimulationSpec, stored: Array | None) -> Pieces[None]:
    """Write the state that a run goes on from into `state`: the stored one, the given one, or that of the seed."""
    given = spec.initial_state if stored is None else stored
    if given is None:
        yield from spec.model.start(state, spec.seed)
        return
    for field, values in zip(state, given, strict=True):
        for rows in bands(field.shape):
            field[rows] = values[rows]
            yield


def _is_finite(values: Array) -> bool:
    """Whether every value of a state [species, rows, cols] is finite.

    A value that is not finite leaves no sum finite, and a sum takes a third of the time that looking at each takes.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(np.einsum("kij->", values))) or bool(np.isfinite(values).all())


def _touch(buffer: Array) -> Pieces[None]:
    """Write zeros over zeros: the system maps the memory here, which would make the first step several times longer."""
    numbers = buffer.reshape(-1, 1)
    for part in bands(numbers.shape):
        numbers[part] = 0
        yield


def _history(start: Checkpoint | None, field: Array) -> Pieces[History]:
    if start is not None and start.history is not None:
        return History.resume(start.history)
    return (yield from History.beginning(field))


def _parts(whole: Pass, count: int) -> list[range]:
    """Lines of a pass in `count` even parts of whole blocks, or fewer where there are not as many."""
    block = whole.block or 1
    blocks = -(-whole.lines // block)
    edges = [min(whole.lines, block * (blocks * i // count)) for i in range(count)] + [whole.lines]
    return [range(a, b) for a, b in pairwise(edges) if a < b]
