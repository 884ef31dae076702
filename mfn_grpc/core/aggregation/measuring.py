"""Passes over the updates that measure the distances between them."""

from functools import partial
from itertools import pairwise
from math import sqrt

import numpy as np

from mfn_grpc.core.aggregation.blocks import PIECE_ELEMENTS, TILE_COLUMNS, Reader, aligned_zeros, spans
from mfn_grpc.core.aggregation.geometry import Geometry, doubtful_pairs, squares_from
from mfn_grpc.core.aggregation.hands import ALONE, Hands
from mfn_grpc.core.aggregation.kernels.combining import add_pair_distances
from mfn_grpc.core.aggregation.kernels.products import SIDE, add_products
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import Pieces

PANEL_ROWS = 250
"""Rows whose products make a piece: a multiple of SIDE."""
PAIR_ELEMENTS = 2**25
OFF_CENTRE = 16.0
"""A reference whose median squared distance is so many times the least of any row is replaced."""


def measure(reader: Reader, size: int, norms: Array, hands: Hands = ALONE) -> Pieces[Geometry]:
    """The geometry of `reader`'s rows: len(norms) updates of these norms, then the centre when there is one."""
    n = len(norms)
    reference = int(np.argsort(norms, kind="stable")[n // 2])
    geometry = yield from _seen_from(reference, reader, size, n, hands)
    medians = yield from _medians(geometry.between)
    central = int(np.argmin(medians))
    if medians[reference] > OFF_CENTRE * medians[central]:
        geometry = yield from _seen_from(central, reader, size, n, hands)
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


def _seen_from(reference: int, reader: Reader, size: int, n: int, hands: Hands) -> Pieces[Geometry]:
    """By the formula, with differences from the row `reference`."""
    points = reader.rows + 1
    padded = -(-points // SIDE) * SIDE
    inner = np.zeros((padded, padded))
    width = min(TILE_COLUMNS, reader.width)
    tiles = [aligned_zeros(padded, width, np.dtype(np.float64)) for _ in range(hands.count)]
    panels = _panels(padded, hands.count)
    together = [panels[k : k + hands.count] for k in range(0, len(panels), hands.count)]
    for start, stop in spans(size, reader.width):
        block = yield from reader.read(start, stop)
        for parts in together:
            hands.work(partial(_add_panel, block, reference, n, inner), zip(tiles, parts, strict=False))
            yield
    inner = np.tril(inner[:points, :points])
    inner += np.tril(inner, -1).T
    return Geometry(n, inner, squares_from(inner))


def _add_panel(block: Array, reference: int, n: int, inner: Array, panel: tuple[Array, tuple[int, int]]) -> None:
    tile, (first, last) = panel
    add_products(block, reference, n, tile, first, last, inner)


def _panels(rows: int, count: int) -> list[tuple[int, int]]:
    """All rows in panels of at most PANEL_ROWS; where one would do, in `count` with about as many products each."""
    if rows > PANEL_ROWS:
        return [*spans(rows, PANEL_ROWS)]
    edges = [round(rows * sqrt(part / count) / SIDE) * SIDE for part in range(count + 1)]
    return [(first, last) for first, last in pairwise(edges) if first < last]


def _medians(squared: Array) -> Pieces[Array]:
    """The median of every row of squared distances [n, n]; of an even number the upper one."""
    n, medians = len(squared), []
    for first, last in spans(n, max(1, PIECE_ELEMENTS // n)):
        medians.append(np.partition(squared[first:last], n // 2, axis=1)[:, n // 2])
        yield
    return np.concatenate(medians)
