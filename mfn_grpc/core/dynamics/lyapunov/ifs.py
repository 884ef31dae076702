"""Lyapunov exponents of an iterated function system: growth of tangent vectors along its random orbit."""

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.dynamics.kernels.orbits import ROUNDING, multiply, renormalise
from mfn_grpc.core.dynamics.lyapunov.exponents import LyapunovExponents, Schedule, check_count, first_vectors, measure
from mfn_grpc.core.fractals.ifs import IteratedFunctionSystem
from mfn_grpc.core.limits import SEED
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.randomness import Stream, generator

PIECE_STEPS = 200_000


def ifs_exponents(
    system: IteratedFunctionSystem, *, steps: int = 1_000_000, transient: int = 1_000, seed: int = 0
) -> Pieces[LyapunovExponents]:
    """Both exponents of an iterated function system, per iteration.

    The maps are affine, so the orbit itself does not matter: the exponents are those of a random product of the
    matrices (Furstenberg & Kesten, Ann. Math. Stat. 31:457, 1960). Their sum is the mean of ln|det|, which is no
    exponent itself: for similarities it is twice the one that both share. The second exponent is -inf where a map that
    was drawn is singular: from then on the product has one direction only. Raises InvalidInput.
    """
    schedule = Schedule(steps, transient, every=1)
    seed_violation = SEED.violation("seed", seed)
    check_count(2, 2, *schedule.violations(), *([seed_violation] if seed_violation else []))
    rng = generator(seed, Stream.RANDOM_ORBIT)
    thresholds = np.cumsum(system.probabilities)[:-1]
    matrices, vectors = np.array(system.matrices), first_vectors(2, (2,), seed)
    renormalise(vectors, np.zeros(2))
    diagonal, across = (matrices[:, 0, i] * matrices[:, 1, 1 - i] for i in range(2))
    is_singular = np.abs(diagonal - across) <= ROUNDING * (np.abs(diagonal) + np.abs(across))

    def advance(steps: int, growth: Array) -> bool:
        multiply(vectors, matrices, is_singular, np.searchsorted(thresholds, rng.random(steps), side="right"), growth)
        return bool(np.isfinite(vectors).all())

    return measure(advance, 2, schedule, 1.0, PIECE_STEPS)
