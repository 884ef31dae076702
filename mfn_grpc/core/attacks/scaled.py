"""Updates of another size."""

from dataclasses import dataclass

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.attacks.base import Attack, Situation
from mfn_grpc.core.limits import parameter


@dataclass(frozen=True)
class Scaled(Attack):
    """Attacker k sends honest update k, boosted as in model replacement (Bagdasaryan 2020), and reversed.

    factor: negative reverses; the attackers' updates differ, so that they form no cluster.
    """

    factor: float = parameter(-10.0, -1e12, 1e12, "1", "multiple of an honest update")

    def forge(self, honest: Array, count: int, situation: Situation) -> Array:
        """Honest updates in turn, times the factor."""
        return np.asarray(self.factor * honest[np.arange(count) % len(honest)])
