"""Occupied boxes: codes of cells, one bit each for "of the set" and "outside it", united over boxes.

A box's code is the union (bitwise or) of its cells' codes. What lies beyond the array has no code.
"""

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import jit


@jit
def fold(fine: Array, ratio: int, coarse: Array, first: int, last: int, wanted: int) -> int:
    """Unite ratio x ratio boxes of `fine` into rows `first` to `last` - 1 of `coarse`; how many of them are `wanted`.

    fine: uint8 [rows, cols]. coarse: uint8, its shape that of `fine` over `ratio`, rounded up.
    """
    rows, cols = fine.shape
    whole = cols // ratio
    line = np.empty(cols, np.uint8)
    found = 0
    for i in range(first, last):
        top = i * ratio
        highest = fine[top]
        for j in range(cols):  # `line[:] = highest` takes numba two seconds more: it compiles the text of an error
            line[j] = highest[j]
        for below in range(top + 1, min(top + ratio, rows)):
            added = fine[below]
            for j in range(cols):
                line[j] |= added[j]
        out = coarse[i]
        for j in range(whole):
            united = line[j * ratio]
            for k in range(j * ratio + 1, (j + 1) * ratio):
                united |= line[k]
            out[j] = united
        if whole < out.size:
            united = np.uint8(0)
            for k in range(whole * ratio, cols):
                united |= line[k]
            out[whole] = united
        for j in range(out.size):
            found += out[j] == wanted
    return found


@jit
def glide_rows(codes: Array, edge: int, ratio: int, first: int, last: int) -> None:
    """Grow gliding boxes from `edge` to ratio x edge rows, in place, for the boxes that end in these rows.

    codes[p, q] is the code of the box whose last row is p and whose last column is q. Boxes that end further down are
    grown before: bands are taken from the bottom upwards.
    """
    for p in range(last - 1, first - 1, -1):
        row = codes[p]
        for k in range(1, ratio):
            if p >= k * edge:
                added = codes[p - k * edge]
                for q in range(row.size):
                    row[q] |= added[q]


@jit
def glide_columns(codes: Array, edge: int, ratio: int, first: int, last: int) -> None:
    """Grow gliding boxes from `edge` to ratio x edge columns, in place, for the boxes that end in these rows."""
    line = np.empty(codes.shape[1], np.uint8)
    for p in range(first, last):
        row = codes[p]
        for q in range(row.size):
            line[q] = row[q]
        for k in range(1, ratio):
            shift = k * edge
            for q in range(shift, row.size):
                row[q] |= line[q - shift]


@jit
def tally_offsets(codes: Array, cols: int, edge: int, wanted: int, tallies: Array, first: int, last: int) -> None:
    """Add up the `wanted` gliding boxes of these rows by where a grid that holds them starts: int32 [edge, edge]."""
    for p in range(first, last):
        row, tally = codes[p], tallies[p % edge]
        for start in range(0, cols, edge):
            part = row[start : min(start + edge, cols)]
            for q in range(part.size):
                tally[q] += part[q] == wanted
