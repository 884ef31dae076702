"""Mimic: one honest client, many times over."""

from dataclasses import dataclass

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.attacks.base import Attack, Situation, repeated


@dataclass(frozen=True)
class Mimic(Attack):
    """All attackers send the honest update farthest along the direction of greatest variance (after Karimireddy 2022).

    Nothing about it can be called faulty, but a rule that prefers what is frequent loses the data of all others. In the
    paper attackers estimate the direction over the rounds of a warm-up and then copy one client for good; here they
    choose anew in every round, from its updates alone: the farthest of each round, but not always the same client.
    """

    def forge(self, honest: Array, count: int, situation: Situation) -> Array:
        """Copies of the update that sticks out most."""
        centred = honest - honest.mean(axis=0)
        # The leading eigenvector of the Gram matrix holds the projections on the leading direction.
        _, vectors = np.linalg.eigh(centred @ centred.T)
        return repeated(honest[np.argmax(np.abs(vectors[:, -1]))], count)
