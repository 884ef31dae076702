"""ALIE: a shift that stays within the spread of the honest."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.attacks.base import Attack, Situation, repeated, spread
from mfn_grpc.core.limits import Violation, parameter, refuse

FALLBACK_SHIFT = 0.3
"""The z of few attackers, for whom the formula gives none above 0: a quarter of normal honest ones lie nearer."""


@dataclass(frozen=True)
class ALittleIsEnough(Attack):
    """Honest mean plus z sample standard deviations in every element (Baruch 2019).

    z: default by `largest_hidden_shift` from how many there are of either kind. Where that is 0 or less, half of the
    honest or more would have to lie beyond the shift, and the formula's z would be no attack, or one against itself:
    then z is 0.3, which is this library's choice and not the paper's. So it is for 1 of 3 to 6 and for 2 of 10, say.
    """

    z: float | None = parameter(None, -1e6, 1e6, "1", "standard deviations that the mean is moved by")

    def forge(self, honest: Array, count: int, situation: Situation) -> Array:
        """The shifted mean, from all of them."""
        z = default_shift(len(honest) + count, count) if self.z is None else self.z
        return repeated(shifted(honest, z), count)


def shifted(honest: Array, z: float) -> Array:
    """The honest mean moved by z of their standard deviations, [d]."""
    return np.asarray(honest.mean(axis=0) + z * spread(honest))


def default_shift(n: int, f: int) -> float:
    """The largest hidden shift where it is above 0, else FALLBACK_SHIFT. Raises as `largest_hidden_shift`."""
    formula = largest_hidden_shift(n, f)
    return formula if formula > 0 else FALLBACK_SHIFT


def largest_hidden_shift(n: int, f: int) -> float:
    """The z of Baruch 2019: with the s honest that lie beyond it, f attackers of n are a majority.

    s = floor(n / 2 + 1) - f; z is the normal quantile of (n - f - s) / (n - f), 0 or less where s is half of the honest
    or more. Raises InvalidInput when there is none, since the attackers or those that they need beside them are all.
    """
    supporters = math.floor(n / 2 + 1) - f
    honest = n - f
    if not 0 < supporters < honest:
        text = f"is {f} of {n}, must leave the honest a majority and be enough for one with some of them; or state z"
        refuse([Violation("count", str(f), text)])
    return float(ndtri((honest - supporters) / honest))
