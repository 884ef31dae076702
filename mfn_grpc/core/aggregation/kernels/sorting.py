"""Sorting the columns of a tile: groups of rows in the processor's registers, then groups merged with each other.

A network for single values is one for sorted groups too, where comparing and swapping becomes merging two groups and
parting the lower from the upper half (Knuth, The Art of Computer Programming 3, section 5.3.4, exercise 38). A group is
loaded and stored once for the nine comparisons of a merge, which stores would limit otherwise. The width of a tile is
known when the kernels are compiled, so that rows of a group are seen not to overlap, and each comparison of a vector is
one minimum and one maximum.
"""

from typing import Any

import numpy as np

from mfn_grpc.core.aggregation.kernels.networks import network
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import jit, specialise

GROUP = 4
WIDE, NARROW = 512, 64
"""Columns that a tile may have."""
WIDTH = WIDE


def groups(rows: int, first: int, last: int) -> Array:
    """Which groups of `rows` rows to merge so that places `first` to `last` - 1 are sorted; int32 [count, 2]."""
    return network(-(-rows // GROUP), first // GROUP, (last - 1) // GROUP + 1)


@jit
def ordered(one: Any, two: Any) -> Any:
    """The lesser and the greater of two numbers; in this order when they are equal."""
    # A choice of each, which is one instruction; a choice between the two pairs becomes a jump.
    swapped = two < one
    return two if swapped else one, one if swapped else two


def _sort_group(one: Array, two: Array, three: Array, four: Array, group: Array) -> None:
    """A group [GROUP * WIDTH] of four rows [WIDTH] with its columns sorted, by five comparisons."""
    for j in range(WIDTH):
        v0, v1, v2, v3 = one[j], two[j], three[j], four[j]
        v0, v1 = ordered(v0, v1)
        v2, v3 = ordered(v2, v3)
        v0, v2 = ordered(v0, v2)
        v1, v3 = ordered(v1, v3)
        v1, v2 = ordered(v1, v2)
        group[j], group[WIDTH + j], group[2 * WIDTH + j], group[3 * WIDTH + j] = v0, v1, v2, v3


def _merge_groups(low: Array, high: Array) -> None:
    """Merge two sorted groups, [GROUP * WIDTH] each: the lower half into one, the upper into the other (Batcher)."""
    for j in range(WIDTH):
        v0, v1, v2, v3 = low[j], low[WIDTH + j], low[2 * WIDTH + j], low[3 * WIDTH + j]
        v4, v5, v6, v7 = high[j], high[WIDTH + j], high[2 * WIDTH + j], high[3 * WIDTH + j]
        v0, v4 = ordered(v0, v4)
        v2, v6 = ordered(v2, v6)
        v2, v4 = ordered(v2, v4)
        v1, v5 = ordered(v1, v5)
        v3, v7 = ordered(v3, v7)
        v3, v5 = ordered(v3, v5)
        v1, v2 = ordered(v1, v2)
        v3, v4 = ordered(v3, v4)
        v5, v6 = ordered(v5, v6)
        low[j], low[WIDTH + j], low[2 * WIDTH + j], low[3 * WIDTH + j] = v0, v1, v2, v3
        high[j], high[WIDTH + j], high[2 * WIDTH + j], high[3 * WIDTH + j] = v4, v5, v6, v7


sort_wide = specialise(_sort_group, "sort_wide", WIDTH=WIDE)
sort_narrow = specialise(_sort_group, "sort_narrow", WIDTH=NARROW)
merge_wide = specialise(_merge_groups, "merge_wide", WIDTH=WIDE)
merge_narrow = specialise(_merge_groups, "merge_narrow", WIDTH=NARROW)


@jit
def sort_four(one: Array, two: Array, three: Array, four: Array, group: Array) -> None:
    """Sort rows of either width into a group."""
    if one.shape[0] == WIDE:
        sort_wide(one, two, three, four, group)
    else:
        sort_narrow(one, two, three, four, group)


@jit
def load(block: Array, rows: Array, start: int, stop: int, group: Array) -> None:
    """Rows of fewer columns than a group has, or fewer than four: [GROUP, w], the rest of its rows infinite."""
    # Loops: numba compiles the text of an error about shapes with every assignment of one array to another.
    for k in range(GROUP):
        if k < rows.shape[0]:
            row = block[rows[k]]
            for j in range(stop - start):
                group[k, j] = row[start + j]
        else:
            for j in range(stop - start):
                group[k, j] = np.inf


@jit
def sort_rows(block: Array, rows: Array, start: int, stop: int, tile: Array, merges: Array) -> None:
    """Columns `start` to `stop` - 1 of these rows of a block, sorted as far as `merges` do, on the left of a tile.

    No NaN. tile: [rows, WIDE or NARROW], whole groups; what else it holds is sorted, too, and is no NaN either.
    """
    flat, wide = tile.reshape(tile.size), tile.shape[1] == WIDE
    size, whole = GROUP * tile.shape[1], stop - start == tile.shape[1]
    for k in range(0, tile.shape[0], GROUP):
        group = flat[k * tile.shape[1] : k * tile.shape[1] + size]
        if whole and k + GROUP <= rows.shape[0]:
            one, two = block[rows[k], start:stop], block[rows[k + 1], start:stop]
            sort_four(one, two, block[rows[k + 2], start:stop], block[rows[k + 3], start:stop], group)
        else:
            load(block, rows[k : k + GROUP], start, stop, tile[k : k + GROUP])
            sort_four(tile[k].copy(), tile[k + 1].copy(), tile[k + 2].copy(), tile[k + 3].copy(), group)
    for k in range(merges.shape[0]):
        low, high = merges[k, 0] * size, merges[k, 1] * size
        if wide:
            merge_wide(flat[low : low + size], flat[high : high + size])
        else:
            merge_narrow(flat[low : low + size], flat[high : high + size])
