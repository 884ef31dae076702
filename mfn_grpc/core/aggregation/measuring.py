"""Passes over the updates that measure the distances between them."""

import numpy as np

from mfn_grpc.core.aggregation.blocks import PIECE_ELEMENTS, Reader, spans
from mfn_grpc.core.aggregation.geometry import Geometry, doubtful_pairs, squares_from
from mfn_grpc.core.aggregation.kernels.combining import add_pair_distances, subtract_row
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import Pieces

PANEL_ROWS = 256
PAIR_ELEMENTS = 2**25
OFF_CENTRE = 16.0
"""A reference whose median squared distance is so many times the least of any row is replaced."""


def measure(reader: Reader, size: int, norms: Array) -> Pieces[Geometry]:
    """The geometry of `reader`'s rows: len(norms) updates of these norms, then the centre when there is one."""
    n = len(norms)
    reference = int(np.argsort(norms, kind="stable")[n // 2])
    geometry = yield from _seen_from(reference, reader, size, n)
    medians = yield from _medians(geometry.between)
    central = int(np.argmin(medians))
    if medians[reference] > OFF_CENTRE * medians[central]:
        geometry = yield from _seen_from(central, reader, size, n)
    geometry.squared[:n, n] = geometry.squared[n, :n] = norms * norms
    yield from remeasure(geometry, reader, size)
    return geometry


def remeasure(geometry: Geometry, reader: Reader, size: int) -> Pieces[None]:
    """Measure directly, among `reader`'s rows, every pair whose squared distance has lost its digits."""
    pairs = doubtful_pairs(geometry)
    if not len(pairs):
        return
    sums, step = np.zeros(len(pairs)), max(1, PAIR_ELEMENTS // reader.width)
    for start, stop in spans(size, reader.width):
        block = yield from reader.read(start, stop)
        for first in range(0, len(pairs), step):
            add_pair_distances(block, pairs[first : first + step], sums[first : first + step])
            yield
    one, other = pairs.T
    geometry.squared[one, other] = geometry.squared[other, one] = sums


def _seen_from(reference: int, reader: Reader, size: int, n: int) -> Pieces[Geometry]:
    """By the formula, with differences from the row `reference`."""
    points = reader.rows + 1
    inner = np.zeros((points, points))
    buffer = np.empty(points * reader.width)
    for start, stop in spans(size, reader.width):
        block = yield from reader.read(start, stop)
        differences = buffer[: points * (stop - start)].reshape(points, stop - start)
        subtract_row(block, reference, n, differences)
        yield
        yield from _add_products(differences, inner)
    inner = np.tril(inner)
    inner += np.tril(inner, -1).T
    return Geometry(n, inner, squares_from(inner))


def _medians(squared: Array) -> Pieces[Array]:
    """The median of every row of squared distances [n, n]; of an even number the upper one."""
    n, medians = len(squared), []
    for first, last in spans(n, max(1, PIECE_ELEMENTS // n)):
        medians.append(np.partition(squared[first:last], n // 2, axis=1)[:, n // 2])
        yield
    return np.concatenate(medians)


def _add_products(differences: Array, inner: Array) -> Pieces[None]:
    """Add the inner products of the rows of a block to the lower half of `inner`; what is above it means nothing."""
    for first in range(0, len(inner), PANEL_ROWS):
        panel = differences[first : first + PANEL_ROWS]
        last = first + len(panel)
        inner[first:last, first:last] += panel @ panel.T
        yield
        if first:
            inner[first:last, :first] += panel @ differences[:first].T
            yield
