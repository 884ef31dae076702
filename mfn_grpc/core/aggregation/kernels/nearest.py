"""Means of the values nearest the median of every column: what MeaMed and Bulyan are made of."""

from typing import Any

import numpy as np

from mfn_grpc.core.aggregation.kernels.sorting import sort_rows
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import jit, jit_sums


@jit
def reach(tile: Array, rows: int, column: int, kept: int) -> Any:
    """Of a sorted column of so many rows: its median, how far the `kept` nearest to it reach, how many lie that far."""
    left, right = (rows - 1) // 2, (rows - 1) // 2 + 1
    median = (np.float64(tile[left, column]) + np.float64(tile[rows // 2, column])) / 2.0
    limit, ties = -1.0, 0
    for _ in range(kept):
        below = median - np.float64(tile[left, column]) if left >= 0 else 0.0
        above = np.float64(tile[right, column]) - median if right < rows else 0.0
        if right >= rows or (left >= 0 and below <= above):
            distance = below
            left -= 1
        else:
            distance = above
            right += 1
        if distance > limit:
            limit, ties = distance, 0
        ties += 1
    return median, limit, ties


@jit
def take(row: Array, medians: Array, limits: Array, ties: Array, out: Array) -> int:
    """Add to out [w] the values of a row [w] within their limits, those just at one while ties are left; how many."""
    count = 0
    for j in range(out.shape[0]):
        value = np.float64(row[j])
        distance = abs(value - medians[j])
        if distance < limits[j]:
            out[j] += value
            count += 1
        elif distance == limits[j] and ties[j] > 0:
            out[j] += value
            ties[j] -= 1
            count += 1
    return count


@jit_sums
def squared_distance(row: Array, point: Array) -> float:
    """Squared distance of a row [w] from a point [w]."""
    total = 0.0
    for j in range(point.shape[0]):
        difference = row[j] - point[j]
        total += difference * difference
    return total


@jit
def means_near_median(
    block: Array, rows: Array, tile: Array, merges: Array, kept: int, reaches: Array, ties: Array, out: Array,
    counts: Array, distances: Array,
) -> None:  # fmt: skip
    """Out [w] = for every column of a block the mean of the `kept` values nearest its median; of ties the first rows'.

    rows: which rows of the block take part. reaches [2, w], ties [w], both of a tile's width: room to work in. Adds to
    counts and distances [n] how many of a row's values were taken, and its squared distance from the result.
    """
    width = tile.shape[1]
    for start in range(0, block.shape[1], width):
        stop = min(start + width, block.shape[1])
        sort_rows(block, rows, start, stop, tile, merges)
        part = out[start:stop]
        for j in range(stop - start):
            reaches[0, j], reaches[1, j], ties[j] = reach(tile, rows.shape[0], j, kept)
            part[j] = 0.0
        for k in range(rows.shape[0]):
            counts[rows[k]] += take(block[rows[k], start:stop], reaches[0], reaches[1], ties, part)
        for j in range(stop - start):
            part[j] /= kept
        for k in range(rows.shape[0]):
            distances[rows[k]] += squared_distance(block[rows[k], start:stop], part)
