"""Krum in clusters, then over their representatives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mfn_grpc.core.aggregation.rules.base import Combination, Prepared, Rule, Seen
from mfn_grpc.core.aggregation.rules.scores import KrumNeighbors, krum_scores
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import SEED, limited, parameter
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.randomness import Stream, generator

_NEIGHBORS = KrumNeighbors.SUM_N_MINUS_F_MINUS_2


@dataclass(frozen=True)
class HierarchicalKrumRule(Rule):
    """Krum over the updates that Krum picks in clusters of about `cluster_size`, dealt at random anew in every round.

    The f of a cluster is the largest that its size m bears and the policy asks for, f_c = min(f, (m - 3) // 2). A
    cluster with more than f_c faulty ones may put up a faulty representative; as it takes f_c + 1 to spoil one, at most
    g = f // (f_c + 1) are spoilt however the faulty ones are dealt, and g is the f of the Krum over representatives.
    Whatever n, the share of faulty ones has to be below (f_c + 1) / (2 m): a fifth for clusters of 10.
    """

    cluster_size: int = parameter(10, 3, 1000, "1", "updates a cluster", whole=True)
    seed: int = limited(0, SEED)
    geometric: ClassVar[bool] = True

    def clusters(self, n: int) -> int:
        """How many clusters; their sizes differ by one at most."""
        return max(1, (2 * n + self.cluster_size) // (2 * self.cluster_size))

    def faulty(self, n: int, f: int) -> tuple[int, int]:
        """The f of a cluster, and that over the representatives."""
        within = max(0, min(f, (n // self.clusters(n) - 3) // 2))
        return within, f // (within + 1)

    def needed(self, f: int, at_least: int = 1) -> int:
        """Three in the smallest cluster beside twice its f, and three clusters beside twice theirs."""
        n = max(1, at_least)
        while not self._suffices(n, f):
            n += 1
        return n

    def least(self, f: int, at_least: int = 1) -> int:
        """One."""
        return max(1, at_least)

    def prepare(self, seen: Seen) -> Pieces[Prepared]:
        """Deal, pick in every cluster, pick among those."""
        within, over = self.faulty(seen.n, seen.f)
        order = generator(self.seed, Stream.CLUSTERS, step=seen.round_number).permutation(seen.n)
        dealt = [np.sort(part) for part in np.array_split(order, self.clusters(seen.n))]
        squared = seen.geometry.between
        scores, representatives = yield from pick_in_clusters(squared, dealt, within)
        among = yield from krum_scores(squared[np.ix_(representatives, representatives)], over, _NEIGHBORS)
        chosen = np.zeros(seen.n)
        chosen[representatives[np.argmin(among)]] = 1.0
        return Combination(chosen, 1.0, seen, scores=scores, measure=IN_CLUSTER)

    def _suffices(self, n: int, f: int) -> bool:
        clusters = self.clusters(n)
        within, over = self.faulty(n, f)
        return n // clusters >= 2 * within + 3 and clusters >= 2 * over + 3


IN_CLUSTER = "sum of squared distances to the nearest others of its cluster"


def pick_in_clusters(squared: Array, clusters: Sequence[Array], f: int) -> Pieces[tuple[Array, Array]]:
    """The Krum scores of all within their clusters, and whom Krum picks in each, ascending."""
    scores, picked = np.empty(len(squared)), []
    for members in clusters:
        scores[members] = yield from krum_scores(squared[np.ix_(members, members)], f, _NEIGHBORS)
        picked.append(members[np.argmin(scores[members])])
    return scores, np.sort(picked)
