"""Large arrays in blocks of rows, each small enough to be worked on in one piece."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from mfn_grpc.core.pieces import Pieces

Array = np.ndarray[Any, np.dtype[Any]]

PIECE_CELLS = 2**21
"""Cells of a block that is worked on at a few nanoseconds a cell."""


def blocks(rows: int, cols: int, piece_cells: int = PIECE_CELLS) -> Iterator[range]:
    """Ranges of rows that hold about `piece_cells` cells each, at least one row."""
    height = max(1, piece_cells // max(1, cols))
    for first in range(0, rows, height):
        yield range(first, min(first + height, rows))


def converted(array: Array, dtype: Any) -> Pieces[Array]:
    """A contiguous copy of [rows, cols] in another type."""
    copy = np.empty(array.shape, dtype)
    for rows in blocks(*array.shape):
        copy[rows.start : rows.stop] = array[rows.start : rows.stop]
        yield
    return copy
