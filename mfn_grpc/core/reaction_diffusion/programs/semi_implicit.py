"""First-order implicit-explicit Euler for two species: diffusion implicit, reaction explicit (Ascher et al. 1995).

(1 + dt D mu) u' = u + dt f(u) for every mode of the grid, with mu the eigenvalue of minus the five-point Laplacian. So
diffusion is stable at any dt, and what rests on the grid (D lap u + f = 0) rests under the step.

The bits of a transform are those of the library that computes it and of the processor: equal bits are promised for one
build and one type of processor. There they depend on the spec alone, because lines come in the same blocks always.
"""

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.reaction_diffusion.boundary import AxisBoundary, BoundaryKind
from mfn_grpc.core.reaction_diffusion.kernels.buffers import Room
from mfn_grpc.core.reaction_diffusion.models import TwoSpeciesModel
from mfn_grpc.core.reaction_diffusion.programs.base import Buffers, March, Pass, Watch, padded
from mfn_grpc.core.reaction_diffusion.programs.blocks import Blocks
from mfn_grpc.core.reaction_diffusion.programs.kernels import reaction_of
from mfn_grpc.core.reaction_diffusion.programs.transforms import Axis, InsulatedAxis, PeriodicAxis
from mfn_grpc.core.reaction_diffusion.spec import SimulationSpec

BLOCK_CELLS = 65_536
REAL_COLUMN_COST, COMPLEX_COLUMN_COST = 3, 6
"""Against a row, which is transformed once: a column is transformed there and back and divided, across the memory."""


class SemiImplicitProgram:
    """Three passes: rows react and are transformed; columns of modes are damped between two transforms; rows return.

    The last buffer holds the modes, [species, rows, modes of a row].
    """

    march: March | None = None
    blocks: Blocks | None = None

    def __init__(self, spec: SimulationSpec, model: TwoSpeciesModel) -> None:
        species, rows, cols = spec.state_shape
        self._across = _axis(spec.boundaries[1], cols, spec.spacing[1], real=True)
        real = isinstance(self._across, InsulatedAxis)
        self._down = _axis(spec.boundaries[0], rows, spec.spacing[0], real=real)
        modes = Room((species, rows, self._across.modes), spec.dtype if real else np.result_type(spec.dtype, "c8"))
        self.layout: tuple[Room, ...] = padded(spec), padded(spec), modes
        by_rows = Pass(rows, block=_lines(cols))
        cost = REAL_COLUMN_COST if real else COMPLEX_COLUMN_COST
        self.passes: tuple[Pass, ...] = by_rows, Pass(self._across.modes, block=_lines(rows), cost=cost), by_rows
        self._react, self._kinetics = reaction_of(model.name), model.kinetics
        cast = spec.dtype.type
        self._dt = cast(spec.time_step)
        self._coefficients = tuple(cast(coefficient) for coefficient in model.coefficients())
        weights = [spec.time_step * diffusion for diffusion in (model.diffusion_u, model.diffusion_v)]
        # Each [species, modes] of one axis: dt D mu of a mode is the sum of two.
        self._decay_down = np.outer(weights, self._down.eigenvalues).astype(spec.dtype)
        self._decay_across = np.outer(weights, self._across.eigenvalues).astype(spec.dtype)

    def prepare(self, buffers: Buffers, number: int) -> None:
        """Nothing: the boundaries are in the transforms."""

    def work(self, buffers: Buffers, number: int, lines: range, step: int, watch: Watch) -> None:
        """Do one block of a pass."""
        front, back, modes = buffers
        part = slice(lines.start, lines.stop)
        inside = slice(lines.start + 1, lines.stop + 1)
        if number == 0:
            self._react(front, back, lines.start, lines.stop, self._dt, self._coefficients)
            modes[:, part] = self._across.forward(back[:, inside, 1:-1], axis=2)
        elif number == 1:
            modes[:, :, part] = self._damped(modes[:, :, part], part)
        else:
            back[:, inside, 1:-1] = self._across.inverse(modes[:, part], axis=2)
            watch.look(front, back, lines)

    def reference(self, state: Array, step: int) -> Array:
        """One step in plain numpy and whole-field transforms: the kernels agree with it to rounding."""
        u, v = state[:, 1:-1, 1:-1]
        rates = np.stack(self._kinetics(u, v, self._coefficients))
        following = np.empty_like(state)
        modes = self._across.forward(state[:, 1:-1, 1:-1] + self._dt * rates, axis=2)
        following[:, 1:-1, 1:-1] = self._across.inverse(self._damped(modes, slice(None)), axis=2)
        return following

    def _damped(self, columns: Array, which: slice) -> Array:
        """Columns of modes [species, rows, columns] after one implicit step of diffusion."""
        modes = self._down.forward(columns, axis=1)
        with np.errstate(all="ignore"):  # of a field that is no longer finite
            modes /= 1 + (self._decay_down[:, :, None] + self._decay_across[:, None, which])
        return self._down.inverse(modes, axis=1)


def _axis(boundary: AxisBoundary, cells: int, spacing: float, *, real: bool) -> Axis:
    if boundary.kind is BoundaryKind.PERIODIC:
        return PeriodicAxis(cells, spacing, real=real)
    return InsulatedAxis(cells, spacing)


def _lines(length: int) -> int:
    """Lines of a block: enough to hide the cost of a call, few enough for a few milliseconds."""
    return max(1, BLOCK_CELLS // length)
