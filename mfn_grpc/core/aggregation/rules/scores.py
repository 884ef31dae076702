"""Krum scores: how far an update lies from its nearest others (Blanchard et al., NeurIPS 2017, section 4)."""

from enum import StrEnum

import numpy as np

from mfn_grpc.core.aggregation.kernels.neighbours import sum_of_nearest
from mfn_grpc.core.aggregation.ordering import nearest_first
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import Pieces


class KrumNeighbors(StrEnum):
    """The sum over the n - f - 2 nearest others, as in the paper, or the mean over n - f - 1, as some libraries do."""

    SUM_N_MINUS_F_MINUS_2 = "SUM_N_MINUS_F_MINUS_2"
    MEAN_N_MINUS_F_MINUS_1 = "MEAN_N_MINUS_F_MINUS_1"

    def others(self, n: int, f: int) -> int:
        """How many others count: at least 1 of the n - 1, where the precondition does not see to it."""
        wanted = n - f - (2 if self is KrumNeighbors.SUM_N_MINUS_F_MINUS_2 else 1)
        return min(max(1, wanted), n - 1)

    def measure(self, n: int, f: int) -> str:
        """What a score is, in words."""
        kind = "sum" if self is KrumNeighbors.SUM_N_MINUS_F_MINUS_2 else "mean"
        return f"{kind} of squared distances to the {self.others(n, f)} nearest others"


class Scores:
    """Scores of n updates from their squared distances [n, n], also among some of them: those that are `left` [n]."""

    def __init__(self, squared: Array, order: Array) -> None:
        self._squared, self._order = np.ascontiguousarray(squared), order
        self.left = np.ones(len(squared), bool)

    def sums(self, neighbours: int) -> Array:
        """Sums over so many nearest among those that are left; infinite for those that are not."""
        found = np.full(len(self._squared), np.inf)
        sum_of_nearest(self._squared, self._order, self.left, neighbours, found)
        return found


def krum_scores(squared: Array, f: int, neighbors: KrumNeighbors) -> Pieces[Array]:
    """The scores [n] of all n updates with squared distances [n, n], of which f may be faulty."""
    count = neighbors.others(len(squared), f)
    sums = Scores(squared, (yield from nearest_first(squared))).sums(count)
    # A mean over none: a single update has no others.
    return sums / max(count, 1) if neighbors is KrumNeighbors.MEAN_N_MINUS_F_MINUS_1 else sums
