"""IPM: an aggregate that points against the honest mean."""

from dataclasses import dataclass

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.attacks.base import Attack, Situation, repeated
from mfn_grpc.core.limits import parameter


@dataclass(frozen=True)
class InnerProductManipulation(Attack):
    """All attackers send -epsilon times the honest mean (Xie 2020)."""

    epsilon: float = parameter(0.5, 0, 1e6, "1", "length of the attack as a multiple of the honest mean's")

    def forge(self, honest: Array, count: int, situation: Situation) -> Array:
        """The reversed mean, from all of them."""
        return repeated(reversed_mean(honest, self.epsilon), count)


def reversed_mean(honest: Array, epsilon: float) -> Array:
    """-epsilon times the honest mean, [d]."""
    return np.asarray(-epsilon * honest.mean(axis=0))
