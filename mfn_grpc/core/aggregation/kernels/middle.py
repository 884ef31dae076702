"""Means of the middle values of every column: what the median and the trimmed mean are made of."""

from typing import Any

from mfn_grpc.core.aggregation.kernels.sorting import sort_rows
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import jit, jit_sums


@jit
def mean_of_rows(tile: Array, first: int, last: int, out: Array) -> None:
    """Out [w] = mean of rows `first` to `last` - 1 of a tile, added up in float64 in their order."""
    for j in range(out.shape[0]):
        out[j] = 0.0
    for k in range(first, last):
        row = tile[k]
        for j in range(out.shape[0]):
            out[j] += row[j]
    for j in range(out.shape[0]):
        out[j] /= last - first


@jit_sums
def part_of_row(row: Array, low: Array, high: Array, point: Array) -> Any:
    """How many values of a row lie between low and high (both [w] and within), and its squared distance from point."""
    count, total = 0, 0.0
    for j in range(point.shape[0]):
        value = row[j]
        if low[j] <= value <= high[j]:
            count += 1
        difference = value - point[j]
        total += difference * difference
    return count, total


@jit
def middle_means(
    block: Array, begin: int, end: int, rows: Array, tile: Array, merges: Array, first: int, last: int, out: Array,
    counts: Array, distances: Array,
) -> None:  # fmt: skip
    """Out [w] = for columns `begin` to `end` - 1 of a block the mean of values sorted, of places `first` to `last` - 1.

    rows: which rows of the block take part. Adds to row start // w of counts and distances [tiles, n], for each tile
    from column `start` on, how many of a row's values lie between the outermost that were taken (so equal values fare
    alike), and its squared distance from the result. begin: a multiple of the tile's width.
    """
    width = tile.shape[1]
    for start in range(begin, end, width):
        stop = min(start + width, end)
        sort_rows(block, rows, start, stop, tile, merges)
        mean_of_rows(tile, first, last, out[start:stop])
        for k in range(rows.shape[0]):
            count, total = part_of_row(block[rows[k], start:stop], tile[first], tile[last - 1], out[start:stop])
            counts[start // width, rows[k]] += count
            distances[start // width, rows[k]] += total
