"""Several steps in one pass over the rows: level t of the pass is t steps ahead of the state that is read.

Level t lags t rows behind the state, so that the three rows it reads of level t - 1 are there. Its own row takes the
place of one of level t - 2 that nobody reads any more: two windows of a few rows, in turns, hold all levels in a core's
cache, and the memory is read and written once for all of them (Wellein et al., COMPSAC 2009, "wavefront"). The
arithmetic of a cell is that of the plain march: both have the same bits.

A band of rows is extended by one row a level at each end, whose upper levels another band, or the other side of a
periodic grid, makes as well: bands do not depend on one another. At an edge that reflects or is fixed a level has ghost
rows of its own instead.
"""

from typing import Any, NamedTuple

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import jit
from mfn_grpc.core.reaction_diffusion.kernels.buffers import ALIAS_BYTES, Room

MORE_ROWS = 2
"""Rows of a window beyond one for each level: what the last one still reads of the one before, and a ghost row."""
RING_APART_BYTES = 320
"""Rows of the ring begin this far apart modulo ALIAS_BYTES, see `buffers`: no two of 64 rows in a row begin alike."""


class Place(NamedTuple):
    """Where a row is, and which rows it is made of; unsigned numbers, none of which counts from the end.

    grid: its place in the grid. north, here, south: padded rows that are read. out: the padded row that is written.
    cols: columns of the grid; a row of the ring is longer than cols + 2.
    """

    grid: Any
    north: Any
    here: Any
    south: Any
    out: Any
    cols: int


def row(read: Array, write: Array, place: Place, step: int, scalars: tuple[Any, ...], forcing: tuple[Any, ...]) -> None:
    """Bound by `specialise`: make one row of `write` from three of `read`, both [species, padded rows, columns]."""
    raise AssertionError("a template is never called itself")


def ring_room(state: Room, levels: int) -> Room:
    """What the rows of all levels between the first state and the last take: [2, species, rows, cols + 2 and more].

    state: a padded state. levels: the number of steps of a pass, of which the last needs no rows here.
    """
    species, _, width = state.shape
    size = width * state.dtype.itemsize
    size += (RING_APART_BYTES - size) % ALIAS_BYTES
    return Room((2, species, levels + MORE_ROWS, size // state.dtype.itemsize), state.dtype)


def beats(rows: int, steps: int) -> int:
    """How many times the wavefront moves on by a row, to make `steps` steps of a band of `rows` rows."""
    return rows + 2 * (steps - 1)


def wavefront(
    front: Array,
    back: Array,
    ring: Array,
    band: tuple[int, int],
    steps: int,
    part: tuple[int, int],
    source: Array,
    sign: Array,
    offset: Array,
    scalars: tuple[Any, ...],
    forcing: tuple[Any, ...],
) -> None:
    """Template: rows band[0] to band[1] - 1 of `back` become those of `front`, ghost cells filled, `steps` steps later.

    ring: of `ring_room`, at least as many levels; what it holds goes on from one part to the next. part: the first beat
    and the last + 1, of as many as `beats` says; parts are made in order. forcing: of all the steps.
    """
    first, last = band
    rows, cols = front.shape[1] - 2, front.shape[2] - 2
    wraps = source[0] == rows
    one, kept = np.uint64(1), ring.shape[2]
    for beat in range(part[0], part[1]):
        for level in range(1, steps + 1):
            reach = steps - level
            place = first - steps + 1 + beat - (level - 1)
            low, high = first - reach, last + reach
            turn = place % kept
            above, here = np.uint64(kept - 1 if turn == 0 else turn - 1), np.uint64(turn)
            below = np.uint64(0 if turn == kept - 1 else turn + 1)
            if not wraps:
                if place == rows and high > rows:
                    close_rows(ring[level % 2], above, here, cols, sign[1], offset[:, 1])
                low, high = max(low, 0), min(high, rows)
            if place < low or place >= high:
                continue
            at = np.uint64(place % rows)
            ghost = above
            if level == 1:
                read, above, middle, below = front, at, at + one, at + one + one
            else:
                read, middle = ring[(level - 1) % 2], here
            if level == steps:
                written, into = back, at + one
            else:
                written, into = ring[level % 2], here
            where = Place(at, above, middle, below, into, cols)
            row(read, written, where, level - 1, scalars, forcing)
            if level < steps:
                close_columns(written, here, cols, source, sign, offset)
                if place == 0 and not wraps:
                    close_rows(written, here, ghost, cols, sign[0], offset[:, 0])


@jit
def close_rows(kept: Array, inner: int, outer: int, cols: int, sign: Any, offset: Array) -> None:
    """Set the ghost row `outer` beyond the row `inner` of a level."""
    for s in range(kept.shape[0]):
        for j in range(1, cols + 1):
            kept[s, outer, j] = sign * kept[s, inner, j] + offset[s]


@jit
def close_columns(kept: Array, i: int, cols: int, source: Array, sign: Array, offset: Array) -> None:
    """Set both ghost cells of row `i` of a level."""
    for s in range(kept.shape[0]):
        kept[s, i, 0] = sign[2] * kept[s, i, source[2]] + offset[s, 2]
        kept[s, i, cols + 1] = sign[3] * kept[s, i, source[3]] + offset[s, 3]
