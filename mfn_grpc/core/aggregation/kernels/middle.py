"""Means of the middle values of every column: what the median and the trimmed mean are made of."""

from typing import Any

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import jit, jit_sums


@jit
def sort_rows(tile: Array, comparators: Array) -> None:
    """Sort the columns of a tile [rows, w] in place, as far as the network does; no NaN."""
    for k in range(comparators.shape[0]):
        low, high = tile[comparators[k, 0]], tile[comparators[k, 1]]
        for j in range(tile.shape[1]):
            one, other = low[j], high[j]
            swapped = other < one
            low[j] = other if swapped else one
            high[j] = one if swapped else other


@jit
def load(block: Array, rows: Array, start: int, stop: int, tile: Array) -> None:
    """Copy these rows and columns of a block to the left of a tile."""
    for k in range(rows.shape[0]):
        row, copy = block[rows[k]], tile[k]
        for j in range(stop - start):
            copy[j] = row[start + j]


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
    block: Array, rows: Array, tile: Array, comparators: Array, first: int, last: int, out: Array, counts: Array,
    distances: Array,
) -> None:  # fmt: skip
    """Out [w] = for every column of a block the mean of its values sorted, of places `first` to `last` - 1.

    rows: which rows of the block take part. Adds to counts and distances [n] how many of a row's values lie between the
    outermost that were taken (so equal values fare alike), and its squared distance from the result.
    """
    width = tile.shape[1]
    for start in range(0, block.shape[1], width):
        stop = min(start + width, block.shape[1])
        load(block, rows, start, stop, tile)
        sort_rows(tile, comparators)
        mean_of_rows(tile, first, last, out[start:stop])
        for k in range(rows.shape[0]):
            count, total = part_of_row(block[rows[k], start:stop], tile[first], tile[last - 1], out[start:stop])
            counts[rows[k]] += count
            distances[rows[k]] += total
