"""Identical updates: a cluster without any distances in it."""

from dataclasses import dataclass

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.attacks.base import Attack, Situation, repeated
from mfn_grpc.core.limits import parameter


@dataclass(frozen=True)
class ColludingCopies(Attack):
    """All attackers send one point as far from the honest mean as honest updates are, on the side of its opposite.

    Sybils (Fung 2020): f - 1 distances of 0 count in favour of each where neighbours are rewarded.
    distance: from the honest mean, as a multiple of the median distance of the honest from it.
    """

    distance: float = parameter(1.0, 0, 1e6, "1", "multiple of the median honest distance")

    def forge(self, honest: Array, count: int, situation: Situation) -> Array:
        """The mean minus distance times the median |honest - mean| along the mean."""
        mean = honest.mean(axis=0)
        length = float(np.linalg.norm(mean))
        typical = float(np.median(np.linalg.norm(honest - mean, axis=1)))
        against = -mean / length if length > 0 else np.zeros_like(mean)
        return repeated(mean + self.distance * typical * against, count)
