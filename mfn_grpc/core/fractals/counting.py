"""Box counts of a set of cells, scale by scale, each from the scale below."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.bands import bands, converted
from mfn_grpc.core.fractals.kernels.boxes import fold, glide_columns, glide_rows, tally_offsets
from mfn_grpc.core.fractals.options import BoxCountOptions, Estimator
from mfn_grpc.core.pieces import Pieces

SET, OUTSIDE = 1, 2


class Scale(NamedTuple):
    """One scale.

    boxes: how many boxes of this edge are counted. places: how many it takes to cover the window. fits: whether they
    cover it exactly, sides of a single cell aside.
    """

    edge: int
    boxes: int
    places: int
    fits: bool

    @classmethod
    def over(cls, window: tuple[int, ...], edge: int, boxes: int) -> "Scale":
        """The scale of boxes over a window of so many cells a side."""
        places = math.prod(-(-side // edge) for side in window)
        return cls(edge, boxes, places, all(side == 1 or side % edge == 0 for side in window))


@dataclass(frozen=True)
class Cells:
    """Cells to be counted.

    codes: uint8 [rows, cols]. wanted: the code of a box that counts.
    """

    codes: Array
    wanted: int


def bounding_box(mask: Array) -> Pieces[tuple[slice, slice] | None]:
    """Rows and columns from the first to the last cell that is not 0, or None without any; mask: [rows, cols]."""
    rows_held, cols_held = np.zeros(mask.shape[0], np.bool_), np.zeros(mask.shape[1], np.bool_)
    for rows in bands(mask.shape):
        part = mask[rows]
        rows_held[rows] = part.any(axis=1)
        cols_held |= part.any(axis=0)
        yield
    if not rows_held.any():
        return None
    return _extent(rows_held), _extent(cols_held)


def is_one_cell(box: tuple[slice, slice]) -> bool:
    """Whether a bounding box is that of a single cell."""
    return all(side.stop - side.start == 1 for side in box)


def _extent(held: Array) -> slice:
    places = np.flatnonzero(held)
    return slice(int(places[0]), int(places[-1]) + 1)


def cells(mask: Array, estimator: Estimator, *, whole_field: bool) -> Pieces[Cells]:
    """The cells of a bounding box, or of the whole field, as `estimator` looks at them; mask: bool [rows, cols].

    BOUNDARY_COUNT sees a bounding box with one more cell on each side: then the outline lies inside, and every box that
    hangs over holds cells outside the set. Of a whole field it knows nothing beyond.
    """
    codes = yield from converted(mask, np.uint8)
    if estimator is Estimator.BOX_COUNT:
        return Cells(codes, SET)
    np.subtract(OUTSIDE, codes, out=codes)
    if whole_field:
        return Cells(codes, SET | OUTSIDE)
    return Cells(np.pad(codes, 1, constant_values=OUTSIDE), SET | OUTSIDE)


def edges(shape: tuple[int, ...], options: BoxCountOptions) -> list[int]:
    """The box edges that `options` allow over a window of this shape, rising.

    Without a stated largest edge it is half the shorter side; half the longer one where the shorter is a single cell,
    since such a set lies on a line.
    """
    side = min(shape) if min(shape) > 1 else max(shape)
    largest = options.max_box_edge_cells or max(1, side // 2)
    return [edge for edge in _powers(options.base.ratio, largest) if edge >= options.min_box_edge_cells]


def count(counted: Cells, wanted_edges: list[int], ratio: int, *, minimize: bool) -> Pieces[list[Scale]]:
    """The counts at some edges, powers of `ratio`, rising: at the corner, or the smallest over all box positions."""
    if not wanted_edges:
        return []
    scales = yield from (_smallest if minimize else _at_corner)(counted, wanted_edges[-1], ratio)
    return [scale for scale in scales if scale.edge >= wanted_edges[0]]


def _powers(ratio: int, largest: int) -> Iterator[int]:
    edge = 1
    while edge <= largest:
        yield edge
        edge *= ratio


def _single_cells(counted: Cells) -> Scale:
    """Boxes of one cell: it cannot be of the set and outside it."""
    boxes = np.count_nonzero(counted.codes.view(np.bool_)) if counted.wanted == SET else 0
    return Scale.over(counted.codes.shape, 1, int(boxes))


def _at_corner(counted: Cells, largest: int, ratio: int) -> Pieces[list[Scale]]:
    codes, edge = counted.codes, 1
    scales = [_single_cells(counted)]
    while (edge := edge * ratio) <= largest:
        coarse = np.empty([-(-side // ratio) for side in codes.shape], np.uint8)
        boxes = 0
        for rows in bands((coarse.shape[0], codes.shape[1] * ratio)):
            boxes += fold(codes, ratio, coarse, rows.start, rows.stop, counted.wanted)
            yield
        codes = coarse
        scales.append(Scale.over(counted.codes.shape, edge, boxes))
    return scales


def _smallest(counted: Cells, largest: int, ratio: int) -> Pieces[list[Scale]]:
    rows, cols = counted.codes.shape
    codes = np.zeros((rows + largest - 1, cols + largest - 1), np.uint8)
    codes[:rows, :cols] = counted.codes
    yield
    edge, scales = 1, [_single_cells(counted)]
    while (grown := edge * ratio) <= largest:
        within = codes[: rows + grown - 1]
        yield from _glide(within, edge, ratio)
        boxes = yield from _fewest(within, cols + grown - 1, grown, counted.wanted)
        edge = grown
        scales.append(Scale.over((rows, cols), edge, boxes))
    return scales


def _glide(codes: Array, edge: int, ratio: int) -> Pieces[None]:
    for band in reversed(list(bands(codes.shape))):
        glide_rows(codes, edge, ratio, band.start, band.stop)
        glide_columns(codes, edge, ratio, band.start, band.stop)
        yield


def _fewest(codes: Array, cols: int, edge: int, wanted: int) -> Pieces[int]:
    tallies = np.zeros((edge, edge), np.int32)
    for band in bands(codes.shape):
        tally_offsets(codes, cols, edge, wanted, tallies, band.start, band.stop)
        yield
    return int(tallies.min())
