"""Fields by blocks of rows: small enough for the cache and for a pause, in double precision whatever their dtype."""

from collections.abc import Iterator

import numpy as np

from mfn_grpc.core.features.watching import Array

BLOCK_CELLS = 2**16
"""512 KiB in double precision: half of a small L2 cache."""


def row_ranges(shape: tuple[int, ...], cells: int) -> Iterator[tuple[int, int]]:
    """First and past-the-last row of the parts of a field [rows, cols], each of at most so many cells or of one row."""
    rows, cols = shape
    height = max(1, cells // cols)
    for first in range(0, rows, height):
        yield first, min(first + height, rows)


def block_ranges(shape: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """First and past-the-last row of the blocks of a field [rows, cols]; the first is as high as any."""
    return row_ranges(shape, BLOCK_CELLS)


def double_blocks(field: Array) -> Iterator[Array]:
    """The blocks of a field [rows, cols] one after the other in the same small array, float64 [height, cols]."""
    scratch = np.empty((0, 0))
    for first, last in block_ranges(field.shape):
        if not first:
            scratch = np.empty((last, field.shape[1]))
        block = scratch[: last - first]
        block[...] = field[first:last]
        yield block
