"""From a centre, repeated steps by the mean of the clipped differences."""

from dataclasses import dataclass
from sys import float_info
from typing import ClassVar

import numpy as np

from mfn_grpc.core.aggregation.rules.base import Combination, Prepared, Seen
from mfn_grpc.core.aggregation.rules.coordinates import MajorityRule
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import parameter
from mfn_grpc.core.pieces import Pieces


@dataclass(frozen=True)
class CenteredClippingRule(MajorityRule):
    """v <- v + mean of (x_i - v) min(1, radius / |x_i - v|), from the centre.

    Karimireddy, He & Jaggi, ICML 2021, algorithm 2. radius: default the median of the |x_i - v|, anew in every step.
    """

    radius: float | None = parameter(
        None, float_info.min, float_info.max, "1", "norm to which differences are clipped; none: their median norm"
    )
    iterations: int = parameter(3, 1, 1000, "1", "steps", whole=True)
    geometric: ClassVar[bool] = True
    centred: ClassVar[bool] = True

    def prepare(self, seen: Seen) -> Pieces[Prepared]:
        """Step from the centre; a point is its coefficients."""
        geometry, n = seen.geometry, seen.n
        point = np.zeros(len(geometry.inner))
        point[geometry.centre] = 1
        for _ in range(self.iterations):
            yield
            shares = self._shares(geometry.distances_from(point)) / n
            point *= 1 - shares.sum()
            point[:n] += shares
        # What is the origin's has no part in sums of rows.
        numerators = np.concatenate([point[:n], point[geometry.centre :]]) if seen.centred else point[:n]
        return Combination(numerators, 1.0, seen)

    def _shares(self, distances: Array) -> Array:
        """By how much of each difference to step."""
        radius = float(np.median(distances)) if self.radius is None else self.radius
        shares = np.ones_like(distances)
        np.divide(radius, distances, out=shares, where=distances > radius)
        return shares
