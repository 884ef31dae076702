"""Values that are no numbers, hidden in updates that are otherwise honest."""

from dataclasses import dataclass

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.attacks.base import Attack, Situation, repeated

VALUES = np.nan, np.inf, -np.inf


@dataclass(frozen=True)
class NotFiniteValue(Attack):
    """Each attacker sends the honest mean with one element NaN, inf or -inf, in turn: one NaN wins every argmin."""

    def forge(self, honest: Array, count: int, situation: Situation) -> Array:
        """Attacker k spoils element k modulo d."""
        sent = repeated(honest.mean(axis=0), count)
        for k, update in enumerate(sent):
            update[k % len(update)] = VALUES[k % len(VALUES)]
        return sent
