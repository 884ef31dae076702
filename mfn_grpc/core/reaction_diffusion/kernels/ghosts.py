"""Ghost cells: a frame of one cell around the grid that makes every boundary look like the interior.

State arrays are padded to [species, rows + 2, cols + 2]. Before each step every ghost cell is set to
`sign * source + offset`, so that one kernel without branches or modulo serves all boundary conditions. The corners
are never read by the five-point stencil.
"""

from typing import NamedTuple

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import jit


class Ghosts(NamedTuple):
    """How ghost cells follow from the grid; sides in the order top, bottom, left, right.

    source: padded index of the row or column that a side copies, int64 [4].
    sign: factor of the copied value, [4].
    offset: value added, [species, 4].
    """

    source: Array
    sign: Array
    offset: Array


@jit
def fill_ghosts(state: Array, source: Array, sign: Array, offset: Array) -> None:
    """Set the ghost cells of a padded state in place."""
    rows, cols = state.shape[1] - 2, state.shape[2] - 2
    for s in range(state.shape[0]):
        for j in range(1, cols + 1):
            state[s, 0, j] = sign[0] * state[s, source[0], j] + offset[s, 0]
            state[s, rows + 1, j] = sign[1] * state[s, source[1], j] + offset[s, 1]
        for i in range(1, rows + 1):
            state[s, i, 0] = sign[2] * state[s, i, source[2]] + offset[s, 2]
            state[s, i, cols + 1] = sign[3] * state[s, i, source[3]] + offset[s, 3]


def fill_ghosts_reference(state: Array, ghosts: Ghosts) -> None:
    """The same in plain numpy."""
    (top, bottom, left, right), sign, offset = ghosts.source, ghosts.sign, ghosts.offset[:, :, None]
    state[:, 0, 1:-1] = sign[0] * state[:, top, 1:-1] + offset[:, 0]
    state[:, -1, 1:-1] = sign[1] * state[:, bottom, 1:-1] + offset[:, 1]
    state[:, 1:-1, 0] = sign[2] * state[:, 1:-1, left] + offset[:, 2]
    state[:, 1:-1, -1] = sign[3] * state[:, 1:-1, right] + offset[:, 3]
