"""Sorting networks: which of several places to compare and swap, in which order, so that they end up sorted.

All columns go through the same comparisons, so a processor compares many of them at once.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from mfn_grpc.core.arrays import Array


@lru_cache(maxsize=8)
def network(rows: int, first: int, last: int) -> Array:
    """Comparators int32 [count, 2], (smaller, larger), after which places `first` to `last` - 1 of `rows` are sorted.

    Batcher's merge exchange (Knuth, The Art of Computer Programming 3, algorithm 5.2.2M), without the comparators that
    none of these places depends on. Shared: not to be written to.
    """
    wanted = np.zeros(rows, bool)
    wanted[first:last] = True
    kept = [np.empty((0, 2), np.int32)]
    for layer in reversed(list(_merge_exchange(rows))):
        needed = layer[wanted[layer].any(axis=1)]
        wanted[needed] = True
        kept.append(needed)
    comparators = np.concatenate(kept[::-1])
    comparators.flags.writeable = False
    return comparators


def _merge_exchange(rows: int) -> Iterator[Array]:
    """Layers of comparators that have no row in common."""
    top = 1 << max(0, (rows - 1).bit_length() - 1)
    part = top if rows > 1 else 0
    while part:
        stride, phase, distance = top, 0, part
        while True:
            smaller = np.arange(rows - distance, dtype=np.int32)
            smaller = smaller[smaller & part == phase]
            yield np.column_stack([smaller, smaller + np.int32(distance)])
            if stride == part:
                break
            distance, stride, phase = stride - part, stride >> 1, part
        part >>= 1
