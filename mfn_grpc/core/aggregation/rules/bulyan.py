"""The trimmed mean of updates picked by Krum."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import numpy as np

from mfn_grpc.core.aggregation.ordering import nearest_first
from mfn_grpc.core.aggregation.rules.base import Prepared, Rule, Seen
from mfn_grpc.core.aggregation.rules.coordinates import NearMedian
from mfn_grpc.core.aggregation.rules.scores import KrumNeighbors, Scores
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import Pieces

_NEIGHBORS = KrumNeighbors.SUM_N_MINUS_F_MINUS_2


class BulyanSelection(StrEnum):
    """One by one, with scores anew among those that remain, or all at once by their first scores."""

    ITERATED = "ITERATED"
    ONE_SHOT = "ONE_SHOT"


class _Picked(NearMedian):
    """Among the picked rows; the scores are Krum's."""

    def __init__(self, kept: int, seen: Seen, picked: Array, scores: Array) -> None:
        super().__init__(kept, seen, np.sort(picked))
        self.scores, self.measure = scores, _NEIGHBORS.measure(seen.n, seen.f)


@dataclass(frozen=True)
class BulyanRule(Rule):
    """Of theta = n - 2 f updates picked by Krum, for every coordinate the mean of the theta - 2 f nearest the median.

    El Mhamdi, Guerraoui & Rouault, ICML 2018, section 4. ITERATED picks with max(1, m - f - 2) neighbours while m
    remain; of equal scores the first.
    """

    selection: BulyanSelection = BulyanSelection.ITERATED
    geometric: ClassVar[bool] = True

    def needed(self, f: int, at_least: int = 1) -> int:
        """4 f + 3."""
        return max(4 * f + 3, at_least)

    def least(self, f: int, at_least: int = 1) -> int:
        """4 f + 1, so that a value is left."""
        return max(4 * f + 1, at_least)

    def prepare(self, seen: Seen) -> Pieces[Prepared]:
        """Pick."""
        squared, theta = seen.geometry.between, seen.n - 2 * seen.f
        order = yield from nearest_first(squared)
        first = Scores(squared, order).sums(_NEIGHBORS.others(seen.n, seen.f))
        if self.selection is BulyanSelection.ONE_SHOT:
            picked = np.argsort(first, kind="stable")[:theta]
        else:
            picked = yield from _pick(Scores(squared, order), theta, seen.f)
        return _Picked(theta - 2 * seen.f, seen, picked, first)


def _pick(scores: Scores, theta: int, f: int) -> Pieces[Array]:
    n, picked = len(scores.left), []
    for remaining in range(n, n - theta, -1):
        best = int(np.argmin(scores.sums(_NEIGHBORS.others(remaining, f))))
        scores.left[best] = False
        picked.append(best)
        yield
    return np.array(picked)
