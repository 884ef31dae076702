"""ALIE: a shift that stays within the spread of the honest."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.attacks.base import Attack, Situation, repeated, spread
from mfn_grpc.core.limits import Violation, parameter, refuse


@dataclass(frozen=True)
class ALittleIsEnough(Attack):
    """Honest mean plus z sample standard deviations in every element (Baruch 2019).

    z: default by `largest_hidden_shift` from how many there are of either kind.
    """

    z: float | None = parameter(None, -1e6, 1e6, "1", "standard deviations that the mean is moved by")

    def forge(self, honest: Array, count: int, situation: Situation) -> Array:
        """The shifted mean, from all of them."""
        z = largest_hidden_shift(len(honest) + count, count) if self.z is None else self.z
        return repeated(shifted(honest, z), count)


def shifted(honest: Array, z: float) -> Array:
    """The honest mean moved by z of their standard deviations, [d]."""
    return np.asarray(honest.mean(axis=0) + z * spread(honest))


def largest_hidden_shift(n: int, f: int) -> float:
    """The z of Baruch 2019: with the s honest that lie beyond it, f attackers of n are a majority.

    s = floor(n / 2 + 1) - f; z is the normal quantile of (n - f - s) / (n - f). Raises InvalidInput when there is none,
    since the attackers or those that they need beside them are all.
    """
    supporters = math.floor(n / 2 + 1) - f
    honest = n - f
    if not 0 < supporters < honest:
        text = f"is {f} of {n}, must leave the honest a majority and be enough for one with some of them; or state z"
        refuse([Violation("count", str(f), text)])
    return float(ndtri((honest - supporters) / honest))
