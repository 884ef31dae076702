"""What the tests of this folder share: sets whose dimension is known, and counts by plain loops."""

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.fractals import (
    BoxBase,
    BoxCountOptions,
    DimensionEstimate,
    Estimator,
    FractalOptions,
    NullOptions,
    analyze,
    estimate_dimension,
)
from mfn_grpc.core.limits import InvalidInput
from mfn_grpc.core.pieces import Pieces, finish

Array = np.ndarray[Any, np.dtype[Any]]

DYADIC = BoxCountOptions()
TRIADIC = BoxCountOptions(base=BoxBase.TRIADIC)
ONE_PERCENT = 0.01


def triangle(depth: int) -> Array:
    """Pascal's triangle modulo 2 (Wolfram 1984): no digit of row and column is 1 in both."""
    row, column = np.indices((2**depth, 2**depth))
    return np.asarray(row & column == 0)


def digits_of_three(depth: int) -> Iterator[tuple[Array, Array]]:
    """The digits, base 3, of the rows and of the columns of a field of edge 3^depth."""
    row, column = np.indices((3**depth, 3**depth))
    for _ in range(depth):
        yield row % 3, column % 3
        row, column = row // 3, column // 3


def carpet(depth: int) -> Array:
    return ~np.asarray(np.logical_or.reduce([(r == 1) & (c == 1) for r, c in digits_of_three(depth)]))


def vicsek(depth: int) -> Array:
    return np.asarray(np.logical_and.reduce([(r == 1) | (c == 1) for r, c in digits_of_three(depth)]))


def dust(depth: int) -> Array:
    return np.asarray(np.logical_and.reduce([(r != 1) & (c != 1) for r, c in digits_of_three(depth)]))


def koch(depth: int) -> Array:
    """The Koch curve on the lattice of its triangles, sheared to a lattice of squares, which keeps the dimension.

    Each segment marks the square that holds the triangle on its left.
    """
    steps = np.array([(1, 0), (0, 1), (-1, 1), (-1, 0), (0, -1), (1, -1)])
    turn = np.array([0])
    for _ in range(depth):
        turn = np.concatenate([turn, turn + 1, turn - 1, turn])
    ahead, left = steps[turn % 6], steps[(turn + 1) % 6]
    starts = np.cumsum(np.vstack([[0, 0], ahead[:-1]]), axis=0)
    squares = (3 * starts + ahead + left) // 3
    cells = np.zeros((3**depth, 3 ** (depth - 1)), np.bool_)
    cells[squares[:, 0], squares[:, 1]] = True
    return cells


def disc(edge: int) -> Array:
    row, column = np.indices((edge, edge)) - (edge - 1) / 2
    return np.asarray(row**2 + column**2 < (0.45 * edge) ** 2)


def noise(edge: int, share: float, seed: int = 1) -> Array:
    return np.asarray(np.random.default_rng(seed).random((edge, edge)) < share)


def estimate(mask: Array, options: BoxCountOptions = DYADIC, estimator: Estimator = Estimator.BOX_COUNT) -> Any:
    found: DimensionEstimate = finish(estimate_dimension(mask, estimator, options))
    return found


def judged_beside_chance(mask: Array, options: BoxCountOptions = DYADIC) -> DimensionEstimate:
    """The box count with as few chance patterns as a verdict at 5 % needs."""
    wanted = FractalOptions(box_count=options, null_comparison=NullOptions(samples=19))
    return finish(analyze(mask, wanted)).dimensions[0]


def counts(found: DimensionEstimate) -> dict[int, int]:
    return {scale.box_edge_cells: scale.boxes for scale in found.counts}


def boxes_by_loop(mask: Array, edge: int, offset: tuple[int, int] = (0, 0)) -> Iterator[Array]:
    """Every box of a grid that starts at -offset, cut by the field."""
    for top, left in itertools.product(range(-offset[0], mask.shape[0], edge), range(-offset[1], mask.shape[1], edge)):
        yield mask[max(top, 0) : top + edge, max(left, 0) : left + edge]


def cropped(mask: Array) -> Array:
    rows, cols = np.nonzero(mask)
    return mask[rows.min() : rows.max() + 1, cols.min() : cols.max() + 1]


def slope(found: DimensionEstimate, *, used_only: bool) -> float:
    scales = [scale for scale in found.counts if scale.used or not used_only]
    x, y = [math.log(s.box_edge_cells) for s in scales], [math.log(s.boxes) for s in scales]
    return -float(np.polyfit(x, y, 1)[0])


def faults(pieces: Pieces[Any]) -> dict[str, str]:
    """The fields that are refused, with what is said of them."""
    with pytest.raises(InvalidInput) as error:
        finish(pieces)
    return {violation.field: violation.description for violation in error.value.violations}
