"""The median of every coordinate."""

from dataclasses import dataclass

from mfn_grpc.core.aggregation.rules.base import Prepared, Seen
from mfn_grpc.core.aggregation.rules.coordinates import MajorityRule, Middle
from mfn_grpc.core.pieces import Pieces


@dataclass(frozen=True)
class CoordinateMedianRule(MajorityRule):
    """Median of every coordinate; of an even number the mean of the middle two. Yin et al., ICML 2018, option I."""

    def prepare(self, seen: Seen) -> Pieces[Prepared]:
        """The middle place, or both."""
        yield
        return Middle((seen.n - 1) // 2, seen.n // 2 + 1, seen)
