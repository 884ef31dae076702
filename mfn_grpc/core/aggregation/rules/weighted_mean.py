"""The mean weighted by claimed weights, which are capped: not robust."""

from dataclasses import dataclass

import numpy as np

from mfn_grpc.core.aggregation.rules.base import Combination, Prepared, Rule, Seen
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import parameter
from mfn_grpc.core.pieces import Pieces


class _Weighted(Combination):
    @property
    def taken(self) -> Array:
        """All: a weight of 0 is what its client claimed."""
        return np.ones(self._seen.n, bool)


@dataclass(frozen=True)
class WeightedMeanRule(Rule):
    """Mean weighted by claimed weights, none above a multiple of the median of those above 0.

    Who claims 0 has no share and does not move the cap, unless all claim 0: then all count alike.
    """

    max_weight_over_median: float = parameter(
        10.0, 1, 1_000_000, "1", "largest weight as a multiple of the median of the weights above 0"
    )

    def needed(self, f: int, at_least: int = 1) -> int:
        """One, whatever f: it promises nothing."""
        return max(1, at_least)

    least = needed

    def prepare(self, seen: Seen) -> Pieces[Prepared]:
        """Cap the weights."""
        yield
        claimed = seen.weights[seen.weights > 0]
        if claimed.size:
            weights = np.minimum(seen.weights, self.max_weight_over_median * np.median(claimed))
        else:
            weights = np.ones(seen.n)
        return _Weighted(weights, float(weights.sum()), seen)
