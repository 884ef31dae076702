"""Integral images (Crow 1984) and the moments of gliding-box masses read off them."""

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import jit


@jit
def integrate(mass: Array, table: Array, first: int, last: int) -> None:
    """Fill rows `first` + 1 to `last` of an integral image; table[i, j] is the mass above row i and left of column j.

    mass: [rows, cols]. table: [rows + 1, cols + 1], of one type with `mass` or wider, row 0 zero and rows up to `first`
    filled.
    """
    for i in range(first, last):
        above, row, masses = table[i], table[i + 1], mass[i]
        total = row[0]
        for j in range(masses.size):
            total += masses[j]
            row[j + 1] = above[j + 1] + total


@jit
def gliding_moments(table: Array, edge: int, shift: float, first: int, last: int) -> tuple[float, float]:
    """Sums of d and d^2, d = mass - shift, over the boxes of an edge whose first row is `first` to `last` - 1."""
    boxes = table.shape[1] - edge
    linear = square = 0.0
    for i in range(first, last):
        top, bottom = table[i], table[i + edge]
        row_linear = row_square = 0.0
        for j in range(boxes):
            excess = ((bottom[j + edge] - bottom[j]) - (top[j + edge] - top[j])) - shift
            row_linear += excess
            row_square += excess * excess
        linear += row_linear
        square += row_square
    return linear, square


@jit
def fold_mass(fine: Array, ratio: int, coarse: Array, first: int, last: int) -> None:
    """Add ratio x ratio boxes of `fine` up into rows `first` to `last` - 1 of `coarse`, float64 both."""
    rows, cols = fine.shape
    for i in range(first, last):
        out = coarse[i]
        out[:] = 0.0
        for k in range(i * ratio, min((i + 1) * ratio, rows)):
            line = fine[k]
            for j in range(out.size):
                for q in range(j * ratio, min((j + 1) * ratio, cols)):
                    out[j] += line[q]
