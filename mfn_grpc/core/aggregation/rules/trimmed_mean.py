"""The mean of every coordinate without its extremes."""

from dataclasses import dataclass
from enum import StrEnum
from math import ceil, nextafter

from mfn_grpc.core.aggregation.rules.base import Prepared, Rule, Seen
from mfn_grpc.core.aggregation.rules.coordinates import Middle, majority
from mfn_grpc.core.aggregation.shares import ceiling_of, exact
from mfn_grpc.core.limits import parameter
from mfn_grpc.core.pieces import Pieces


class FractionRounding(StrEnum):
    """How a share of n becomes a whole number: up in exact decimals, or down in binary floating point."""

    EXACT_CEILING = "EXACT_CEILING"
    BINARY_FLOOR = "BINARY_FLOOR"


@dataclass(frozen=True)
class TrimmedMeanRule(Rule):
    """Mean of every coordinate without its smallest and largest values. Yin et al., ICML 2018, option II.

    Drops f values on each side, or the share `fraction` of n when one is given. The rest is sorted and averaged, never
    found by taking extremes away from a sum.
    """

    fraction: float | None = parameter(None, 0, nextafter(0.5, 0), "1", "share dropped on each side in place of f")
    rounding: FractionRounding = FractionRounding.EXACT_CEILING

    def dropped(self, n: int, f: int) -> int:
        """How many values are dropped on each side."""
        if self.fraction is None:
            return f
        return (
            int(self.fraction * n) if self.rounding is FractionRounding.BINARY_FLOOR else ceiling_of(self.fraction, n)
        )

    def needed(self, f: int, at_least: int = 1) -> int:
        """2 f + 1, and enough to leave a value."""
        return self.least(f, majority(f, at_least))

    def least(self, f: int, at_least: int = 1) -> int:
        """Enough to leave a value."""
        if self.fraction is None:
            return majority(f, at_least)
        if self.rounding is FractionRounding.BINARY_FLOOR:
            return max(1, at_least)
        # ceil(share n) <= (n - 1) / 2 holds from 1 / (1 - 2 share) on for odd n, from 2 / (1 - 2 share) on for even n.
        odd = ceil(1 / (1 - 2 * exact(self.fraction)))
        even = ceil(2 / (1 - 2 * exact(self.fraction)))
        first_odd, first_even = max(odd, at_least), max(even, at_least)
        return min(first_odd + (first_odd + 1) % 2, first_even + first_even % 2)

    def prepare(self, seen: Seen) -> Pieces[Prepared]:
        """The places that are left."""
        yield
        dropped = self.dropped(seen.n, seen.f)
        return Middle(dropped, seen.n - dropped, seen)
