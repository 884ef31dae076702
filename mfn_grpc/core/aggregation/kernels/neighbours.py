"""Krum scores among those that are left."""

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import jit


@jit
def sum_of_nearest(squared: Array, order: Array, left: Array, neighbours: int, sums: Array) -> None:
    """Sums [n] = for each that is left, the squared distances to its nearest others that are left, summed ascending.

    squared: [n, n]. order: [n, n], row i the others of i by distance, i itself last. left: bool [n]. neighbours: how
    many; at most one less than are left.
    """
    for i in range(squared.shape[0]):
        if left[i]:
            total, found = 0.0, 0
            for k in range(squared.shape[0]):
                if found == neighbours:
                    break
                j = order[i, k]
                if left[j]:
                    total += squared[i, j]
                    found += 1
            sums[i] = total
