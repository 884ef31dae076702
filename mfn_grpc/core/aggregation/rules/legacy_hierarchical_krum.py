"""The hierarchical form that older systems used: for comparison with them."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mfn_grpc.core.aggregation.kernels.sorting import groups
from mfn_grpc.core.aggregation.rules.base import Prepared, Rule, Seen
from mfn_grpc.core.aggregation.rules.coordinates import ByCoordinate
from mfn_grpc.core.aggregation.rules.hierarchical_krum import IN_CLUSTER, pick_in_clusters
from mfn_grpc.core.aggregation.rules.scores import KrumNeighbors, krum_scores
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import parameter
from mfn_grpc.core.pieces import Pieces

KRUM_SHARE, MEDIAN_SHARE = 0.7, 0.3


class _Blend(ByCoordinate):
    def __init__(self, chosen: int, seen: Seen, representatives: Array, scores: Array) -> None:
        super().__init__(seen, representatives)
        self._chosen, self.scores, self.measure = chosen, scores, IN_CLUSTER
        k = len(representatives)
        self._places = ((k - 1) // 2, k // 2 + 1)
        self._merges = groups(k, *self._places)

    @property
    def taken(self) -> Array:
        taken = self._counts > 0
        taken[self._chosen] = True
        return taken

    def shares(self, size: int) -> Array:
        shares = MEDIAN_SHARE * super().shares(size)
        shares[self._chosen] += KRUM_SHARE
        return shares

    def _combine(self, block: Array, out: Array, distances: Array) -> None:
        self._middle(block, self._places, self._merges, out, distances)
        out *= MEDIAN_SHARE
        out += KRUM_SHARE * block[self._chosen]


@dataclass(frozen=True)
class LegacyHierarchicalKrumRule(Rule):
    """0.7 times Krum over the clusters' Krum updates plus 0.3 times the coordinate median of these.

    Clusters are neighbours in the order of ids. f is the policy's in every Krum and never checked, with one neighbour
    at least.
    """

    clusters: int = parameter(10, 1, 1000, "1", "clusters", whole=True)
    geometric: ClassVar[bool] = True

    def needed(self, f: int, at_least: int = 1) -> int:
        """One, whatever f: it promises nothing."""
        return max(1, at_least)

    least = needed

    def prepare(self, seen: Seen) -> Pieces[Prepared]:
        """Pick in every cluster, then among those."""
        squared = seen.geometry.between
        parts = np.array_split(np.arange(seen.n), min(self.clusters, seen.n))
        scores, representatives = yield from pick_in_clusters(squared, parts, seen.f)
        among = squared[np.ix_(representatives, representatives)]
        last = yield from krum_scores(among, seen.f, KrumNeighbors.SUM_N_MINUS_F_MINUS_2)
        return _Blend(int(representatives[np.argmin(last)]), seen, representatives, scores)
