"""Sums over the cells of a block: what the extremes and moments of a field are made of."""

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import jit


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
