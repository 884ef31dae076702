"""Weighted sums of the rows of a block, and the distances of rows."""

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import jit, jit_sums


@jit
def combine(block: Array, rows: Array, numerators: Array, divisor: float, out: Array) -> None:
    """Out [w] = sum of numerators[k] block[rows[k]] / divisor, added up row after row in float64."""
    width = out.shape[0]
    for j in range(width):
        out[j] = 0.0
    for k in range(rows.shape[0]):
        row, numerator = block[rows[k]], numerators[k]
        for j in range(width):
            out[j] += numerator * row[j]
    for j in range(width):
        out[j] /= divisor


@jit_sums
def add_squared_distances(block: Array, point: Array, sums: Array) -> None:
    """Add to sums [rows] the squared distances of the first rows of a block from a point [w]."""
    for i in range(sums.shape[0]):
        row, total = block[i], 0.0
        for j in range(point.shape[0]):
            difference = row[j] - point[j]
            total += difference * difference
        sums[i] += total


@jit_sums
def squared_length(row: Array) -> float:
    """The sum of the squares of a row [w], in float64; infinite or NaN when a square is."""
    total = 0.0
    # By index: over an iterator the sum is not split among the processor's lanes. float() would leave float32 as it is.
    for j in range(row.shape[0]):
        value = np.float64(row[j])
        total += value * value
    return total


@jit_sums
def add_pair_distances(block: Array, pairs: Array, sums: Array) -> None:
    """Add to sums [pairs] the squared distances between the rows that pairs [pairs, 2] names; exactly 0 if equal."""
    for k in range(pairs.shape[0]):
        one, other, total = block[pairs[k, 0]], block[pairs[k, 1]], 0.0
        for j in range(block.shape[1]):
            difference = np.float64(one[j]) - np.float64(other[j])
            total += difference * difference
        sums[k] += total
