"""The point with the least summed distance to all updates."""

from dataclasses import dataclass
from sys import float_info
from typing import ClassVar

import numpy as np

from mfn_grpc.core.aggregation.rules.base import Combination, Prepared, Seen
from mfn_grpc.core.aggregation.rules.coordinates import MajorityRule
from mfn_grpc.core.limits import parameter
from mfn_grpc.core.pieces import Pieces


@dataclass(frozen=True)
class GeometricMedianRule(MajorityRule):
    """Geometric median by smoothed Weiszfeld iteration from the mean. RFA: Pillutla et al., IEEE TSP 2022, algorithm 2.

    All updates count alike. The iteration moves in the space that they span: a point is its coefficients.
    """

    smoothing: float = parameter(1e-6, float_info.min, 1, "1", "distances below this count as this")
    tolerance: float = parameter(1e-8, 1e-15, 0.1, "1", "shortest step, as a share of the estimate's norm")
    max_iterations: int = parameter(1000, 1, 10_000, "1", "most steps", whole=True)
    geometric: ClassVar[bool] = True

    def prepare(self, seen: Seen) -> Pieces[Prepared]:
        """Iterate until a step is short."""
        geometry, n = seen.geometry, seen.n
        weights = np.zeros(len(geometry.inner))
        weights[:n] = 1 / n
        origin = np.zeros_like(weights)
        origin[geometry.origin] = 1
        for _ in range(self.max_iterations):
            yield
            pulls = 1 / np.maximum(geometry.distances_from(weights), self.smoothing)
            before, weights = weights, np.zeros_like(weights)
            weights[:n] = pulls / pulls.sum()
            if geometry.length(weights - before) <= self.tolerance * geometry.length(weights - origin):
                break
        return Combination(weights[:n], 1.0, seen)
