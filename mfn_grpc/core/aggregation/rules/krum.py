"""The update closest to its neighbours."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mfn_grpc.core.aggregation.rules.base import Combination, Prepared, Rule, Seen
from mfn_grpc.core.aggregation.rules.scores import KrumNeighbors, krum_scores
from mfn_grpc.core.pieces import Pieces


@dataclass(frozen=True)
class KrumRule(Rule):
    """The update with the least score, of equal ones the first. Blanchard et al., NeurIPS 2017, section 4."""

    neighbors: KrumNeighbors = KrumNeighbors.SUM_N_MINUS_F_MINUS_2
    geometric: ClassVar[bool] = True

    def needed(self, f: int, at_least: int = 1) -> int:
        """2 f + 3 (proposition 4.2)."""
        return max(2 * f + 3, at_least)

    def least(self, f: int, at_least: int = 1) -> int:
        """One: with too few others, one neighbour counts."""
        return max(1, at_least)

    def prepare(self, seen: Seen) -> Pieces[Prepared]:
        """Score all."""
        scores = yield from krum_scores(seen.geometry.between, seen.f, self.neighbors)
        chosen = np.zeros(seen.n)
        chosen[np.argmin(scores)] = 1.0
        return Combination(chosen, 1.0, seen, scores=scores, measure=self.neighbors.measure(seen.n, seen.f))
