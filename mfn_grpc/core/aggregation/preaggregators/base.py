"""What a pre-aggregator is: a linear map of the updates, found from their norms or distances."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

import numpy as np

from mfn_grpc.core.aggregation.rules.base import Seen
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import Pieces


class Looks(IntEnum):
    """What a pre-aggregator looks at."""

    NOTHING = 0
    NORMS = 1
    DISTANCES = 2


@dataclass(frozen=True)
class Mixing:
    """Means of rows: numerators [rows after, rows] of 0 and 1, over as many as are summed.

    home: the new row in which each old one stands [rows]. notes: what became of each old row, in words.
    """

    numerators: Array
    home: Array
    notes: tuple[str, ...]

    @property
    def divisors(self) -> Array:
        """How many rows each mean is of [rows after]."""
        counts: Array = self.numerators.sum(axis=1)
        return counts

    @property
    def matrix(self) -> Array:
        """Coefficients of the old rows [rows after, rows]."""
        coefficients: Array = self.numerators / self.divisors[:, None]
        return coefficients

    @property
    def rest(self) -> Array:
        """Coefficients of the origin: none."""
        return np.zeros(len(self.numerators))

    def behind(self, taken: Array) -> Array:
        """Which of the old rows have part in any new one that is taken; bool [rows after] in, [rows] out."""
        found: Array = taken @ self.numerators > 0
        return found

    def weights(self, weights: Array) -> Array:
        """The claimed weights of the new rows: means of those of the old."""
        means: Array = self.numerators @ weights / self.divisors
        return means

    def apply(self, block: Array) -> Array:
        """Sums, then divided: exact where the sums are."""
        mixed: Array = self.numerators @ block
        mixed /= self.divisors[:, None]
        return mixed


@dataclass(frozen=True)
class Scaling:
    """Rows shortened to a share [rows] of themselves; `notes` as in Mixing."""

    factors: Array
    notes: tuple[str, ...]

    @property
    def home(self) -> Array:
        """Every row stays where it is."""
        return np.arange(len(self.factors))

    @property
    def matrix(self) -> Array:
        """Coefficients of the old rows [rows, rows]."""
        return np.diag(self.factors)

    @property
    def rest(self) -> Array:
        """Coefficients of the origin [rows]."""
        missing: Array = 1 - self.factors
        return missing

    def behind(self, taken: Array) -> Array:
        """The same rows, shortened to nothing or not."""
        return taken

    def weights(self, weights: Array) -> Array:
        """The claimed weights, as they were."""
        return weights

    def apply(self, block: Array) -> Array:
        """Every row times its factor, in place; those of factor 1 are left alone."""
        for row in np.flatnonzero(self.factors != 1):
            block[row] *= self.factors[row]
        return block


LinearMap = Mixing | Scaling


class PreAggregator(ABC):
    """A step before the rule. Instances are parameters only. mixes: whether it sums rows."""

    looks: ClassVar[Looks]
    mixes: ClassVar[bool] = False

    def rows(self, n: int) -> int:
        """How many rows it makes of n."""
        return n

    def updates_for(self, rows: int) -> int:
        """The least n of which it makes at least so many rows."""
        return rows

    @abstractmethod
    def prepare(self, seen: Seen) -> Pieces[LinearMap]:
        """The map for these updates; seen.n > seen.f."""
