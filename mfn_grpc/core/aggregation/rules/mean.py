"""The mean of all updates: not robust."""

from dataclasses import dataclass

import numpy as np

from mfn_grpc.core.aggregation.rules.base import Combination, Prepared, Rule, Seen
from mfn_grpc.core.pieces import Pieces


@dataclass(frozen=True)
class MeanRule(Rule):
    """Mean of all updates, each with the same weight: one liar moves it without bound."""

    def needed(self, f: int, at_least: int = 1) -> int:
        """One, whatever f: it promises nothing."""
        return max(1, at_least)

    least = needed

    def prepare(self, seen: Seen) -> Pieces[Prepared]:
        """The sum of all, divided by n."""
        yield
        return Combination(np.ones(seen.n), seen.n, seen)
