"""Fields by blocks of rows: small enough for the cache and for a pause, in double precision whatever their dtype."""

from collections.abc import Iterator

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.bands import bands

BLOCK_CELLS = 2**16
"""512 KiB in double precision: half of a small L2 cache."""


def double_blocks(field: Array) -> Iterator[Array]:
    """The blocks of a field [rows, cols] one after the other in the same small array, float64 [height, cols]."""
    scratch = np.empty((0, 0))
    for rows in bands(field.shape, BLOCK_CELLS):
        if not rows.start:
            scratch = np.empty((rows.stop, field.shape[1]))
        block = scratch[: rows.stop - rows.start]
        block[...] = field[rows]
        yield block
