"""The mean of the updates closest to their neighbours."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mfn_grpc.core.aggregation.rules.base import Combination, Prepared, Rule, Seen
from mfn_grpc.core.aggregation.rules.scores import KrumNeighbors, krum_scores
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import parameter
from mfn_grpc.core.pieces import Pieces


class _Selected(Combination):
    """A weighted mean over those selected; one of weight 0 was selected all the same."""

    def __init__(self, selected: Array, numerators: Array, seen: Seen, scores: Array, measure: str) -> None:
        super().__init__(numerators, float(numerators.sum()), seen, scores=scores, measure=measure)
        self._selected = selected

    @property
    def taken(self) -> Array:
        return self._selected


@dataclass(frozen=True)
class MultiKrumRule(Rule):
    """Mean of the `selected` updates with the least scores (default n - f), of equal ones the first.

    Blanchard et al., NeurIPS 2017, section 5. weight_by_examples: by claimed weight; when all are 0, all count alike.
    """

    neighbors: KrumNeighbors = KrumNeighbors.SUM_N_MINUS_F_MINUS_2
    selected: int | None = parameter(None, 1, 10_000, "1", "updates averaged, at most n - f", whole=True)
    weight_by_examples: bool = False
    geometric: ClassVar[bool] = True

    def needed(self, f: int, at_least: int = 1) -> int:
        """2 f + 3, and selected + f."""
        return self.least(f, max(2 * f + 3, at_least))

    def least(self, f: int, at_least: int = 1) -> int:
        """As many as are selected, or one, beside f."""
        return max((self.selected or 1) + f, at_least)

    def prepare(self, seen: Seen) -> Pieces[Prepared]:
        """Score all and take the best."""
        scores = yield from krum_scores(seen.geometry.between, seen.f, self.neighbors)
        best = np.argsort(scores, kind="stable")[: self.selected or seen.n - seen.f]
        selected = np.zeros(seen.n, bool)
        selected[best] = True
        weights = np.where(selected, seen.weights, 0.0) if self.weight_by_examples else selected
        numerators = np.asarray(weights if weights.any() else selected, np.float64)
        return _Selected(selected, numerators, seen, scores, self.neighbors.measure(seen.n, seen.f))
