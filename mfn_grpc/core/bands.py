"""Large fields in bands of rows, each small enough to be worked on in one piece."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import Pieces

PIECE_CELLS = 2**21
"""Cells of a band that is worked on at a few nanoseconds a cell."""


def bands(shape: tuple[int, ...], cells: int = PIECE_CELLS) -> Iterator[slice]:
    """The rows of a field [rows, cols] in bands, each of at most so many cells or of one row; the first is the highest.

    A field without columns is one band, one without rows none.
    """
    rows, cols = shape
    height = max(1, cells // max(1, cols))
    for first in range(0, rows, height):
        yield slice(first, min(first + height, rows))


def converted(field: Array, dtype: Any) -> Pieces[Array]:
    """A contiguous copy of a field [rows, cols] in another type."""
    copy = np.empty(field.shape, dtype)
    for rows in bands(field.shape):
        copy[rows] = field[rows]
        yield
    return copy


class Marked(NamedTuple):
    """How many cells of a field were marked; row and column of the first in reading order, None when there is none."""

    cells: int
    first: tuple[int, int] | None


def marked(field: Array, marks: Callable[[Array], Array]) -> Pieces[Marked]:
    """The cells of a field [rows, cols] that `marks` sets in its answer, bool of the shape of the band it is given."""
    cells, first = 0, None
    for rows in bands(field.shape):
        found = marks(field[rows])
        if found.any():
            if first is None:
                row, col = divmod(int(found.argmax()), field.shape[1])
                first = rows.start + row, col
            cells += int(np.count_nonzero(found))
        yield
    return Marked(cells, first)


def not_finite(values: Array) -> Array:
    """Which values are NaN or infinite."""
    return np.asarray(~np.isfinite(values))


def below_zero(values: Array) -> Array:
    """Which values are negative."""
    return np.asarray(values < 0)


def above(field: Array, threshold: float, cells: int = PIECE_CELLS) -> Pieces[Array]:
    """The cells strictly above a threshold, bool [rows, cols]; compared in double precision whatever the type."""
    inside = np.empty(field.shape, np.bool_)
    for rows in bands(field.shape, cells):
        np.greater(field[rows], np.float64(threshold), out=inside[rows])
        yield
    return inside
