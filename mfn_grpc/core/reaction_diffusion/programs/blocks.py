"""Blocks of steps: several steps of a grid, or of a band of its rows, in one pass over them; see kernels.wavefront."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import Function
from mfn_grpc.core.reaction_diffusion.kernels.ghosts import Ghosts
from mfn_grpc.core.reaction_diffusion.kernels.wavefront import beats, ring_room
from mfn_grpc.core.reaction_diffusion.programs.base import Buffers, padded
from mfn_grpc.core.reaction_diffusion.spec import SimulationSpec

MOST_STEPS = 16
"""Steps of a block. More gain nothing, fewer lose: at 2048 x 2048 doubles 8 steps make 0.95 of the rate of 16, 4 steps
0.8. At 4096 x 4096 doubles the rows of 16 levels, 2.3 MiB, outgrow a core's own cache, and still they are faster."""
PAYS_FROM_BYTES = 12 * 2**20
"""Of both states. Smaller grids are as fast step by step: they stay in the cache that the cores share."""
ROWS_A_LEVEL = 20
"""Rows of a band for every step of a block, at least: each step costs a band one row more, which is thrown away."""


class Blocks:
    """How a spec is stepped in blocks. pays: whether one core gains by it."""

    def __init__(
        self,
        spec: SimulationSpec,
        kernel: Function,
        ghosts: Ghosts,
        scalars: tuple[Any, ...],
        forcing: Callable[[int, int, range], tuple[Any, ...]],
    ) -> None:
        self._kernel, self._ghosts, self._scalars, self._forcing = kernel, ghosts, scalars, forcing
        self._room = ring_room(padded(spec), MOST_STEPS)
        self._rows = spec.shape[0]
        self.pays = 2 * padded(spec).nbytes >= PAYS_FROM_BYTES
        self.ring_bytes = self._room.nbytes if self.pays else 0

    def ring(self) -> Array:
        """Room for the rows of a block, to be kept until the block is complete."""
        return np.zeros(self._room.shape, self._room.dtype)

    def steps_in_bands(self, bands: int) -> int:
        """Steps that are worth making in a block where so many bands share the rows; 1 when blocks do not pay."""
        return max(1, min(MOST_STEPS, self._rows // bands // ROWS_A_LEVEL))

    def beats(self, steps: int) -> int:
        """Of how many beats, each of about `steps` rows, a block of the whole grid consists."""
        return beats(self._rows, steps)

    def work(self, buffers: Buffers, ring: Array, band: range, block: range, part: range | None = None) -> None:
        """Do some beats of a band of rows, by default all; ghost cells of the first buffer must be filled.

        block: the steps by number. Beats of one band are made in order, with the same ring.
        """
        part = range(beats(len(band), len(block))) if part is None else part
        forcing = self._forcing(block.start, len(block), range(0))
        edges, between = (band.start, band.stop), (part.start, part.stop)
        front, back = buffers
        self._kernel(front, back, ring, edges, len(block), between, *self._ghosts, self._scalars, forcing)


def even_block(left: int, most: int) -> int:
    """Steps of the next block where `left` are to be made in as few blocks as possible, all about equally long."""
    blocks = -(-left // most)
    return -(-left // blocks)
