"""The mean of the values nearest the median."""

from dataclasses import dataclass

from mfn_grpc.core.aggregation.rules.base import Prepared, Rule, Seen
from mfn_grpc.core.aggregation.rules.coordinates import NearMedian, majority
from mfn_grpc.core.pieces import Pieces


@dataclass(frozen=True)
class MeanAroundMedianRule(Rule):
    """For every coordinate the mean of the n - f values nearest the median. MeaMed: Xie et al., arXiv:1802.10116."""

    def needed(self, f: int, at_least: int = 1) -> int:
        """2 f + 1."""
        return majority(f, at_least)

    def least(self, f: int, at_least: int = 1) -> int:
        """One beside f."""
        return max(f + 1, at_least)

    def prepare(self, seen: Seen) -> Pieces[Prepared]:
        """Keep n - f."""
        yield
        return NearMedian(seen.n - seen.f, seen)
