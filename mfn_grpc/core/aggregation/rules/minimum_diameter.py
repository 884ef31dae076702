"""The mean of the updates that lie closest together."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import comb
from typing import ClassVar

import numpy as np

from mfn_grpc.core.aggregation.errors import TooManyChoices
from mfn_grpc.core.aggregation.rules.base import Combination, Prepared, Rule, Seen
from mfn_grpc.core.aggregation.rules.coordinates import majority
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import Pieces

MOST_CHOICES = 1_000_000


@dataclass(frozen=True)
class MinimumDiameterRule(Rule):
    """Mean of the n - f updates whose largest distance is least; of equal sets the first in the order of updates.

    MDA: El Mhamdi et al., arXiv:1905.03853, section 3. Found without looking at every set: of the two updates farthest
    apart, one has to go, so 2^f choices suffice.
    """

    geometric: ClassVar[bool] = True

    def needed(self, f: int, at_least: int = 1) -> int:
        """2 f + 1."""
        return majority(f, at_least)

    # Without a majority 2^f may be far more than the ways to choose.
    least = needed

    def prepare(self, seen: Seen) -> Pieces[Prepared]:
        """Find the set. Raises TooManyChoices when there are more than MOST_CHOICES ways to choose f of n."""
        if comb(seen.n, seen.f) > MOST_CHOICES:
            raise TooManyChoices(seen.n, seen.f, MOST_CHOICES)
        kept = yield from closest_set(seen.geometry.between, seen.f)
        return Combination(kept, seen.n - seen.f, seen)


def closest_set(squared: Array, f: int) -> Pieces[Array]:
    """Which n - f of n points have the least diameter, bool [n]; of equal sets the first. squared: [n, n]."""
    diameter = np.inf
    for _, left in _thinned(squared, np.ones(len(squared), bool), f, -1.0):
        yield
        diameter = min(diameter, float(squared[np.ix_(left, left)].max()))
    best = np.zeros(len(squared), bool)
    for spare, left in _thinned(squared, np.ones(len(squared), bool), f, diameter):
        yield
        if squared[np.ix_(left, left)].max() <= diameter:
            # The last ones go when more may go than have to.
            left[np.flatnonzero(left)[left.sum() - spare :]] = False
            best = max(best, left, key=np.ndarray.tolist)
    return best


def _thinned(squared: Array, left: Array, spare: int, within: float) -> Iterator[tuple[int, Array]]:
    """Every way to drop up to `spare` points, one of the farthest pair each time, until all are `within`."""
    inside = np.flatnonzero(left)
    distances = squared[np.ix_(inside, inside)]
    pair = inside[list(np.unravel_index(int(np.argmax(distances)), distances.shape))]
    if spare == 0 or squared[pair[0], pair[1]] <= within or pair[0] == pair[1]:
        yield spare, left
        return
    for dropped in pair:
        fewer = left.copy()
        fewer[dropped] = False
        yield from _thinned(squared, fewer, spare - 1, within)
