"""The chaos game: many walkers side by side, each moved by one map after another; and cells that points fall into."""

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import jit


@jit
def walk(maps: Array, thresholds: Array, draws: Array, walkers: Array, points: Array) -> None:
    """Move every walker once for each row of draws and note where it stands.

    maps: float64 [maps, 6], a b c d e f of (x, y) -> (a x + b y + e, c x + d y + f). thresholds: uint32 [maps - 1], the
    cumulative probabilities of all maps but the last in units of 2^-32. draws: uint32 [steps, walkers].
    walkers: float64 [walkers, 2], moved in place. points: float64 [steps, walkers, 2].
    """
    for step in range(draws.shape[0]):
        drawn, reached = draws[step], points[step]
        for w in range(drawn.size):
            chosen = 0
            for threshold in thresholds:
                chosen += drawn[w] >= threshold
            x, y = walkers[w, 0], walkers[w, 1]
            a, b, c, d, e, f = maps[chosen]
            walkers[w, 0] = (a * x + b * y) + e
            walkers[w, 1] = (c * x + d * y) + f
            reached[w, 0], reached[w, 1] = walkers[w, 0], walkers[w, 1]


@jit
def mark(points: Array, low_x: float, low_y: float, per_x: float, per_y: float, cells: Array) -> None:
    """Set the cells of points [n, 2]; cells: bool [rows, cols], row 0 at the lowest y. Points outside mark nothing."""
    rows, cols = cells.shape
    for n in range(points.shape[0]):
        across, up = (points[n, 0] - low_x) * per_x, (points[n, 1] - low_y) * per_y
        if 0.0 <= across < cols and 0.0 <= up < rows:
            cells[int(up), int(across)] = True
