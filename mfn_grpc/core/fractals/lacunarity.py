"""Lacunarity: how unevenly mass fills boxes of a size (Allain & Cloitre 1991, gliding boxes)."""

import math
from collections.abc import Sequence

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.bands import bands
from mfn_grpc.core.fractals.checks import edge_violations, mass_violations
from mfn_grpc.core.fractals.kernels.tables import gliding_moments, integrate
from mfn_grpc.core.fractals.results import LacunarityPoint
from mfn_grpc.core.limits import refuse
from mfn_grpc.core.pieces import Pieces


def lacunarity(mass: Array, edges: Sequence[int]) -> Pieces[tuple[LacunarityPoint, ...]]:
    """Lambda(r) = 1 + variance / mean^2 of the mass in a box of edge r, over all boxes that lie within the field.

    mass: [rows, cols], 1 to 8192 each, bool or numbers that are finite and not negative. edges: cells, rising, 1 to
    the shorter side, at most 64. Lambda(1) of a set is 1 over its share of the cells; NaN without mass. The variance is
    that of the boxes there are (divided by their number). Raises InvalidInput.
    """
    if not edges:
        return ()
    unfit = yield from mass_violations(mass)
    refuse([*unfit, *edge_violations(edges, mass.shape)])
    table = yield from _integral_image(mass)
    points = []
    for edge in edges:
        value = yield from _at_edge(table, edge)
        points.append(LacunarityPoint(edge, value))
    return tuple(points)


def _integral_image(mass: Array) -> Pieces[Array]:
    """Of int32 for a set: exact up to 8192 x 8192 cells; else of float64, in units of the largest mass."""
    rows, cols = mass.shape
    is_set = mass.dtype == np.bool_
    largest = float(mass.max()) or 1.0
    yield
    table = np.zeros((rows + 1, cols + 1), np.int32 if is_set else np.float64)
    for band in bands((rows, cols)):
        own = np.array(mass[band], np.uint8 if is_set else np.float64, order="C")
        if not is_set:
            np.divide(own, largest, out=own)
        integrate(own, table[band.start : band.stop + 1], 0, len(own))
        yield
    return table


def _at_edge(table: Array, edge: int) -> Pieces[float]:
    rows, cols = (side - edge for side in table.shape)
    # Close to the mean mass of a box, so that nothing cancels in the variance.
    shift = float(table[-1, -1]) / (table.shape[0] - 1) / (table.shape[1] - 1) * edge**2
    linear = square = 0.0
    for band in bands((rows, cols)):
        parts = gliding_moments(table, edge, shift, band.start, band.stop)
        linear, square = linear + parts[0], square + parts[1]
        yield
    boxes = rows * cols
    mean = shift + linear / boxes
    if mean <= 0:
        return math.nan
    variance = max(0.0, square / boxes - (linear / boxes) ** 2)
    return 1.0 + float(variance / mean**2)
