"""What a rule is: a precondition, a preparation that may look at the geometry, and what it makes of each block."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mfn_grpc.core.aggregation.geometry import UNMEASURED, Geometry
from mfn_grpc.core.aggregation.hands import ALONE, Hands
from mfn_grpc.core.aggregation.kernels.combining import add_squared_distances, combine
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import Pieces


@dataclass(frozen=True)
class Seen:
    """What a rule or a pre-aggregator sees before it reads any block: n rows, f of which may be faulty.

    weights: as claimed, [n]. norms: [n], and the geometry: for those who asked for them. centred: whether blocks have
    one row more, the centre, behind the others. hands: who works on blocks.
    """

    n: int
    f: int
    round_number: int
    weights: Array
    norms: Array
    geometry: Geometry = UNMEASURED
    centred: bool = False
    hands: Hands = ALONE


class Prepared(ABC):
    """A rule ready to combine the blocks of one aggregation, and what it knows when it has combined them all.

    rows: the rows of a block that it reads, ascending. taken: which of the n rows have part in the aggregate.
    scores: the rule's own [n], None when it has none. measure: what a score is, in words.
    """

    rows: Array
    scores: Array | None = None
    measure = "distance to the aggregate"

    @property
    @abstractmethod
    def taken(self) -> Array:
        """Which of the n rows have part in the aggregate, bool [n]."""

    @abstractmethod
    def combine(self, block: Array, distances: Array) -> Array:
        """The aggregate [w] of a block [rows, w]; without scores, adds its squared distances from the n rows."""

    @abstractmethod
    def shares(self, size: int) -> Array:
        """Share of each row in the aggregate [n], when all `size` columns are combined."""


class Combination(Prepared):
    """An aggregate that is one weighted sum of the rows: numerators [n], or [n + 1] with the centre, over a divisor."""

    def __init__(
        self, numerators: Array, divisor: float, seen: Seen, *, scores: Array | None = None, measure: str | None = None
    ) -> None:
        self._seen, self._divisor, self.scores = seen, float(divisor), scores
        self._numerators = np.asarray(numerators, np.float64)
        self.measure = measure or self.measure
        used = np.flatnonzero(self._numerators)
        self.rows = np.arange(seen.n + seen.centred) if scores is None else used
        self._used = used

    @property
    def taken(self) -> Array:
        """The rows with a numerator."""
        found: Array = self._numerators[: self._seen.n] != 0
        return found

    def combine(self, block: Array, distances: Array) -> Array:
        """The weighted sum, row after row in float64, then the division."""
        combined = np.empty(block.shape[1])
        combine(block, self._used, self._numerators[self._used], self._divisor, combined)
        if self.scores is None:
            add_squared_distances(block, combined, distances)
        return combined

    def shares(self, size: int) -> Array:
        """The coefficients of the rows."""
        found: Array = self._numerators[: self._seen.n] / self._divisor
        return found


class Rule(ABC):
    """How rows become one. Instances are parameters only; a round's work is what `prepare` returns.

    geometric: whether it needs the distances between rows. centred: whether it starts from the centre.
    """

    geometric: ClassVar[bool] = False
    centred: ClassVar[bool] = False

    @abstractmethod
    def needed(self, f: int, at_least: int = 1) -> int:
        """The least n, from `at_least` on, that suffices for f faulty ones."""

    @abstractmethod
    def least(self, f: int, at_least: int = 1) -> int:
        """The least n, from `at_least` on, for which there is anything to compute, precondition or not."""

    @abstractmethod
    def prepare(self, seen: Seen) -> Pieces[Prepared]:
        """Look at what is known of the rows; seen.n is at least least(f)."""
