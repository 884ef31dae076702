"""Points of an attractor by the chaos game (Barnsley & Demko 1985), and sets of cells from points."""

import math

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.fractals.ifs import IteratedFunctionSystem
from mfn_grpc.core.fractals.kernels.chaos import mark, walk
from mfn_grpc.core.fractals.options import FIELD_EDGE
from mfn_grpc.core.limits import SEED, Limit, Violation, refuse
from mfn_grpc.core.pieces import Pieces, finish
from mfn_grpc.core.randomness import Stream, generator

POINTS = Limit(1, 1_000_000_000, "1", "points of the attractor", whole=True)
WALKERS = 1024
STEPS = 512
"""Steps of one piece: half a million points, a few milliseconds."""
NEGLIGIBLE = 1e-12
"""How much of its first position a walker keeps when its points begin to count."""
LONGEST_SETTLING = 10_000


def chaos_game(system: IteratedFunctionSystem, points: int, seed: int) -> Array:
    """Points of the attractor (1 to 10^9): float64 [points, 2], the same for the same seed. Raises InvalidInput."""
    return finish(chaos_points(system, points, seed))


def chaos_points(system: IteratedFunctionSystem, points: int, seed: int) -> Pieces[Array]:
    """As `chaos_game`, in pieces.

    Walkers start at one place and settle until their start no longer shows; then every place counts. Point n is that of
    walker n mod 1024, so that neighbours in the list are independent.
    """
    refuse(v for v in (POINTS.violation("points", points), SEED.violation("seed", seed)) if v)
    maps, thresholds = _tables(system)
    rng = generator(seed, Stream.CHAOS_GAME)
    walkers = np.zeros((WALKERS, 2))
    steps = -(-points // WALKERS)
    found = np.empty((steps, WALKERS, 2))
    for count in _portions(_settling_steps(system)):
        walk(maps, thresholds, _draws(rng, count), walkers, np.empty((count, WALKERS, 2)))
        yield
    first = 0
    for count in _portions(steps):
        walk(maps, thresholds, _draws(rng, count), walkers, found[first : first + count])
        first += count
        yield
    return found.reshape(-1, 2)[:points]


def rasterize(points: Array, shape: tuple[int, int], low: tuple[float, float], high: tuple[float, float]) -> Array:
    """The cells that points fall into, over the box from `low` to `high` (x, y); row 0 lies at the lowest y.

    Returns bool [rows, cols]. points: float64 [n, 2]; those outside the box, and on its upper sides, mark nothing.
    Raises InvalidInput.
    """
    refuse([*_shape_violations(shape), *_box_violations(low, high)])
    cells = np.zeros(shape, np.bool_)
    own = np.require(points, np.float64, ["C", "W"])
    mark(own, *map(float, low), shape[1] / (high[0] - low[0]), shape[0] / (high[1] - low[1]), cells)
    return cells


def walk_reference(maps: Array, thresholds: Array, draws: Array, walkers: Array, points: Array) -> None:
    """What `walk` does, in plain numpy, bit for bit."""
    for drawn, reached in zip(draws, points, strict=True):
        a, b, c, d, e, f = maps[np.searchsorted(thresholds, drawn, side="right")].T
        x, y = walkers.T.copy()
        walkers[:, 0] = (a * x + b * y) + e
        walkers[:, 1] = (c * x + d * y) + f
        reached[:] = walkers


def _tables(system: IteratedFunctionSystem) -> tuple[Array, Array]:
    maps = np.column_stack([system.matrices.reshape(-1, 4), system.offsets])
    cumulative = np.cumsum(system.probabilities)[:-1]
    return maps, np.minimum(np.rint(cumulative * 2.0**32), 2**32 - 1).astype(np.uint32)


def _draws(rng: np.random.Generator, steps: int) -> Array:
    return rng.integers(0, 2**32, (steps, WALKERS), np.uint32)


def _settling_steps(system: IteratedFunctionSystem) -> int:
    needed = math.log(NEGLIGIBLE) / min(system.contraction, -1e-9)
    return min(LONGEST_SETTLING, 1 + math.ceil(needed))


def _portions(steps: int) -> list[int]:
    return [min(STEPS, steps - first) for first in range(0, steps, STEPS)]


def _shape_violations(shape: tuple[int, int]) -> list[Violation]:
    return [v for axis, side in enumerate(shape) if (v := FIELD_EDGE.violation(f"shape[{axis}]", side))]


def _box_violations(low: tuple[float, float], high: tuple[float, float]) -> list[Violation]:
    return [
        Violation(f"high[{axis}]", str(above), f"is {above}, must be finite and above low[{axis}] = {below}")
        for axis, (below, above) in enumerate(zip(low, high, strict=True))
        if not (math.isfinite(below) and math.isfinite(above) and above > below)
    ]
