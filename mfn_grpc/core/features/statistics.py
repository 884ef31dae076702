"""Extremes and moments of the cells of a field, in double precision and in two passes (Chan, Golub & LeVeque 1983)."""

import math
from dataclasses import dataclass

import numpy as np

from mfn_grpc.core.compiling import jit
from mfn_grpc.core.features.blocks import double_blocks
from mfn_grpc.core.features.watching import Array
from mfn_grpc.core.pieces import Pieces

BLOCKS_PER_PIECE = 32


@dataclass(frozen=True)
class Moments:
    """Smallest, largest and mean value; standard deviation (divided by the number); skewness g1; excess kurtosis g2.

    The last two are NaN for a constant field. Infinite or NaN where double precision overflows.
    """

    minimum: float
    maximum: float
    mean: float
    std: float
    skewness: float
    kurtosis: float


def moments(field: Array) -> Pieces[Moments]:
    """The moments of a finite field [rows, cols]; the sums run by row, so they do not depend on the blocks."""
    extremes = np.array([0.0, math.inf, -math.inf])
    for i, block in enumerate(double_blocks(field)):
        survey(block, extremes)
        if i % BLOCKS_PER_PIECE == BLOCKS_PER_PIECE - 1:
            yield
    total, low, high = (float(number) for number in extremes)
    if low == high:
        return Moments(low, high, low, 0.0, math.nan, math.nan)
    centre = total / field.size
    # In units of the largest distance from the centre no power overflows, nor do all of them vanish.
    scale = max(high - centre, centre - low)
    powers = np.zeros(4)
    for i, block in enumerate(double_blocks(field)):
        add_powers(block, centre, scale, powers)
        if i % BLOCKS_PER_PIECE == BLOCKS_PER_PIECE - 1:
            yield
    return _from_powers(low, high, centre, scale, powers / field.size)


def _from_powers(low: float, high: float, centre: float, scale: float, powers: Array) -> Moments:
    """Moments about the mean from those about `centre`, which misses the mean by its rounding error."""
    first, second, third, fourth = (float(power) for power in powers)
    m2 = second - first * first
    m3 = third - 3.0 * first * second + 2.0 * first**3
    m4 = fourth - 4.0 * first * third + 6.0 * first * first * second - 3.0 * first**4
    mean = min(max(centre + scale * first, low), high)
    return Moments(low, high, mean, scale * math.sqrt(m2), m3 / (m2 * math.sqrt(m2)), m4 / (m2 * m2) - 3.0)


@jit
def survey(block: Array, extremes: Array) -> None:
    """Add a block [rows, cols] to its field's (sum, minimum, maximum)."""
    for i in range(block.shape[0]):
        row = block[i]
        total, low, high = 0.0, extremes[1], extremes[2]
        for value in row:
            total += value
            low = min(low, value)
            high = max(high, value)
        extremes[0] += total
        extremes[1] = low
        extremes[2] = high


@jit
def add_powers(block: Array, centre: float, scale: float, powers: Array) -> None:
    """Add the first four powers of (value - centre) / scale of a block [rows, cols] to `powers` [4]."""
    for i in range(block.shape[0]):
        row = block[i]
        first, second, third, fourth = 0.0, 0.0, 0.0, 0.0
        for value in row:
            z = (value - centre) / scale
            square = z * z
            first += z
            second += square
            third += square * z
            fourth += square * square
        powers[0] += first
        powers[1] += second
        powers[2] += third
        powers[3] += fourth
