"""What participants sent, as the vectors that rules work on: always a difference from a model."""

from dataclasses import dataclass

import numpy as np

from mfn_grpc.core.aggregation import Source
from mfn_grpc.core.arrays import Array


@dataclass(frozen=True)
class Difference:
    """Trained weights minus the model that they were trained on, in float64."""

    weights: Source
    base: Source

    def read(self, start: int, stop: int) -> Array:
        """Elements `start` to `stop` - 1."""
        return self.weights.read(start, stop).astype(np.float64) - self.base.read(start, stop)


@dataclass(frozen=True)
class Scaled:
    """An update that counts for less than others, such as a stale one (Nguyen 2022, algorithm 1)."""

    update: Source
    factor: float

    def read(self, start: int, stop: int) -> Array:
        """Elements `start` to `stop` - 1, in float64."""
        return self.factor * self.update.read(start, stop).astype(np.float64)
