"""Label flipping: honest training on wrong labels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mfn_grpc.core.arrays import Array


@dataclass(frozen=True)
class LabelFlip:
    """Attackers train as told, on labels c turned into classes - 1 - c (Fang 2020).

    It is no attack on updates: whoever trains for the attackers trains on `labels`.
    """

    def labels(self, labels: ArrayLike, classes: int) -> Array:
        """The flipped labels; those given are 0 to classes - 1."""
        return np.asarray(classes - 1 - np.asarray(labels))
