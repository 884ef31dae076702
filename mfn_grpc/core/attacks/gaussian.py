"""Gaussian noise in place of updates."""

from dataclasses import dataclass

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.attacks.base import Attack, Situation
from mfn_grpc.core.limits import SEED, limited, parameter
from mfn_grpc.core.randomness import Stream, generator


@dataclass(frozen=True)
class Gaussian(Attack):
    """Each attacker sends independent normal numbers around 0 (Blanchard 2017), anew in every round.

    scale: their standard deviation as a multiple of the root mean square of the honest elements.
    """

    scale: float = parameter(10.0, 0, 1e12, "1", "standard deviation over the root mean square of the honest")
    seed: int = limited(0, SEED)

    def forge(self, honest: Array, count: int, situation: Situation) -> Array:
        """Noise of a stated size."""
        normal = generator(self.seed, Stream.ATTACK_NOISE, step=situation.round_number)
        size = self.scale * np.sqrt(np.mean(np.square(honest)))
        return np.asarray(size * normal.standard_normal((count, honest.shape[1])))
