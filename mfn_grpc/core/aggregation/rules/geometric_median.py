"""The point with the least summed distance to all updates."""

from dataclasses import dataclass
from sys import float_info
from typing import ClassVar

import numpy as np

from mfn_grpc.core.aggregation.geometry import Geometry
from mfn_grpc.core.aggregation.rules.base import Combination, Prepared, Seen
from mfn_grpc.core.aggregation.rules.coordinates import MajorityRule
from mfn_grpc.core.limits import parameter
from mfn_grpc.core.pieces import Pieces

_PIECE_DISTANCES = 2**20
"""How many distances are sorted in one piece."""


@dataclass(frozen=True)
class GeometricMedianRule(MajorityRule):
    """Geometric median by smoothed Weiszfeld iteration from the mean. RFA: Pillutla et al., IEEE TSP 2022, algorithm 2.

    All updates count alike. The iteration moves in the space that they span: a point is its coefficients. smoothing: as
    a share of the least median distance that any update has from all, itself included: in the paper it is a length, but
    then updates in another unit give another result. A minority of liars cannot raise that distance. Where it is 0 more
    than half are equal, and they are the median.
    """

    smoothing: float = parameter(
        1e-6, float_info.min, 1, "1", "distances below this share of the central update's median distance count as it"
    )
    tolerance: float = parameter(1e-8, 1e-15, 0.1, "1", "shortest step, as a share of the estimate's norm")
    max_iterations: int = parameter(1000, 1, 10_000, "1", "most steps", whole=True)
    geometric: ClassVar[bool] = True

    def prepare(self, seen: Seen) -> Pieces[Prepared]:
        """Iterate until a step is short."""
        geometry, n = seen.geometry, seen.n
        central, typical = yield from _most_central(geometry)
        if typical == 0:
            equal = geometry.between[central] == 0
            return Combination(equal, float(equal.sum()), seen)
        shortest = max(self.smoothing * typical, float_info.min)
        weights = np.zeros(len(geometry.inner))
        weights[:n] = 1 / n
        origin = np.zeros_like(weights)
        origin[geometry.origin] = 1
        for _ in range(self.max_iterations):
            yield
            # Shares of the shortest: reciprocals of the distances themselves may overflow.
            pulls = shortest / np.maximum(geometry.distances_from(weights), shortest)
            before, weights = weights, np.zeros_like(weights)
            weights[:n] = pulls / pulls.sum()
            if geometry.length(weights - before) <= self.tolerance * geometry.length(weights - origin):
                break
        return Combination(weights[:n], 1.0, seen)


def _most_central(geometry: Geometry) -> Pieces[tuple[int, float]]:
    """The row with the least median distance from all rows, of equal ones the first, and that distance."""
    medians = np.empty(geometry.n)
    rows = max(1, _PIECE_DISTANCES // geometry.n)
    for start in range(0, geometry.n, rows):
        medians[start : start + rows] = np.median(np.sqrt(geometry.between[start : start + rows]), axis=1)
        yield
    central = int(np.argmin(medians))
    return central, float(medians[central])
