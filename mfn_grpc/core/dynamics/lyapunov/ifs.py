"""Lyapunov exponents of an iterated function system: growth of tangent vectors along its random orbit."""

import numpy as np

from mfn_grpc.core.dynamics.arrays import Array
from mfn_grpc.core.dynamics.kernels.orbits import multiply
from mfn_grpc.core.dynamics.lyapunov.exponents import LyapunovExponents, Schedule, check_count, measure
from mfn_grpc.core.fractals.ifs import IteratedFunctionSystem
from mfn_grpc.core.limits import Limit
from mfn_grpc.core.pieces import Pieces

PIECE_STEPS = 200_000
SEED = Limit(0, 2**63 - 1, "1", "seed of the random orbit")
KEY = 2000
"""Philox key of the maps drawn."""


def ifs_exponents(
    system: IteratedFunctionSystem, *, steps: int = 1_000_000, transient: int = 1_000, seed: int = 0
) -> Pieces[LyapunovExponents]:
    """Both exponents of an iterated function system, per iteration.

    The maps are affine, so the orbit itself does not matter: the exponents are those of a random product of the
    matrices (Furstenberg & Kesten, Ann. Math. Stat. 31:457, 1960). Their sum is the mean of ln|det|, which is no
    exponent itself: for similarities it is twice the one that both share. Raises InvalidInput.
    """
    schedule = Schedule(steps, transient, every=1)
    seed_violation = SEED.violation("seed", seed)
    check_count(2, 2, *schedule.violations(), *([seed_violation] if seed_violation else []))
    rng = np.random.Generator(np.random.Philox(key=[seed, KEY]))
    thresholds = np.cumsum(system.probabilities)[:-1]
    matrices, vectors = np.array(system.matrices), np.eye(2)

    def advance(steps: int, growth: Array) -> bool:
        multiply(vectors, matrices, np.searchsorted(thresholds, rng.random(steps), side="right"), growth)
        return bool(np.isfinite(vectors).all())

    return measure(advance, 2, schedule, 1.0, PIECE_STEPS)
