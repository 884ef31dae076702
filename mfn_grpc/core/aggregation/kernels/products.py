"""Inner products of the rows of a block, in float64: what squared distances are made of.

Every product of 5 rows with 5 others is one loop over the columns with 25 sums, which a processor with 32 vector
registers keeps in them: 10 loads for 25 multiplications and additions. No BLAS, whose threads and build would decide
the last bits, and whose product of few long rows with themselves takes half as long again.
"""

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import jit, jit_sums

SIDE = 5
"""Rows that are taken together; a tile has a multiple of them."""


@jit
def subtract_row(block: Array, reference: int, n: int, start: int, stop: int, out: Array) -> None:
    """Out [.., w] = columns `start` to `stop` - 1 of a block less its row `reference`, the origin behind the first n.

    The rows of out are those of the block, the origin among them; rows and columns of out beyond stay as they are. All
    in float64: numpy converts the block before it subtracts, at twice the memory traffic.
    """
    origin = block[reference, start:stop]
    for i in range(block.shape[0]):
        row, difference = block[i, start:stop], out[i if i < n else i + 1]
        for j in range(row.shape[0]):
            difference[j] = np.float64(row[j]) - np.float64(origin[j])
    difference = out[n]
    for j in range(origin.shape[0]):
        difference[j] = -np.float64(origin[j])


@jit_sums
def add_square(tile: Array, i: int, j: int, width: int, inner: Array) -> None:
    """Add to inner[i : i + 5, j : j + 5] the inner products of rows i.. and j.. of a tile over its first columns."""
    a0, a1, a2, a3, a4 = tile[i], tile[i + 1], tile[i + 2], tile[i + 3], tile[i + 4]
    b0, b1, b2, b3, b4 = tile[j], tile[j + 1], tile[j + 2], tile[j + 3], tile[j + 4]
    s00 = s01 = s02 = s03 = s04 = 0.0
    s10 = s11 = s12 = s13 = s14 = 0.0
    s20 = s21 = s22 = s23 = s24 = 0.0
    s30 = s31 = s32 = s33 = s34 = 0.0
    s40 = s41 = s42 = s43 = s44 = 0.0
    for k in range(width):
        x0, x1, x2, x3, x4 = a0[k], a1[k], a2[k], a3[k], a4[k]
        y0, y1, y2, y3, y4 = b0[k], b1[k], b2[k], b3[k], b4[k]
        s00 += x0 * y0
        s01 += x0 * y1
        s02 += x0 * y2
        s03 += x0 * y3
        s04 += x0 * y4
        s10 += x1 * y0
        s11 += x1 * y1
        s12 += x1 * y2
        s13 += x1 * y3
        s14 += x1 * y4
        s20 += x2 * y0
        s21 += x2 * y1
        s22 += x2 * y2
        s23 += x2 * y3
        s24 += x2 * y4
        s30 += x3 * y0
        s31 += x3 * y1
        s32 += x3 * y2
        s33 += x3 * y3
        s34 += x3 * y4
        s40 += x4 * y0
        s41 += x4 * y1
        s42 += x4 * y2
        s43 += x4 * y3
        s44 += x4 * y4
    inner[i + 0, j + 0] += s00
    inner[i + 0, j + 1] += s01
    inner[i + 0, j + 2] += s02
    inner[i + 0, j + 3] += s03
    inner[i + 0, j + 4] += s04
    inner[i + 1, j + 0] += s10
    inner[i + 1, j + 1] += s11
    inner[i + 1, j + 2] += s12
    inner[i + 1, j + 3] += s13
    inner[i + 1, j + 4] += s14
    inner[i + 2, j + 0] += s20
    inner[i + 2, j + 1] += s21
    inner[i + 2, j + 2] += s22
    inner[i + 2, j + 3] += s23
    inner[i + 2, j + 4] += s24
    inner[i + 3, j + 0] += s30
    inner[i + 3, j + 1] += s31
    inner[i + 3, j + 2] += s32
    inner[i + 3, j + 3] += s33
    inner[i + 3, j + 4] += s34
    inner[i + 4, j + 0] += s40
    inner[i + 4, j + 1] += s41
    inner[i + 4, j + 2] += s42
    inner[i + 4, j + 3] += s43
    inner[i + 4, j + 4] += s44


@jit
def add_products(
    block: Array, reference: int, n: int, tile: Array, first: int, last: int, inner: Array
) -> None:  # fmt: skip
    """Add to rows `first` to `last` - 1 of inner, up to its diagonal, the inner products of differences over a block.

    Differences from the row `reference`, the origin among them behind the first n. tile: room [rows, w] for them,
    float64, its rows a multiple of SIDE with 0 in those beyond; inner [rows, rows]. first, last: multiples of SIDE.
    What is above the diagonal means nothing.
    """
    for start in range(0, block.shape[1], tile.shape[1]):
        stop = min(start + tile.shape[1], block.shape[1])
        subtract_row(block, reference, n, start, stop, tile)
        for i in range(first, last, SIDE):
            for j in range(0, i + SIDE, SIDE):
                add_square(tile, i, j, stop - start, inner)
