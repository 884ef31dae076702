"""What rules that work coordinate by coordinate have in common."""

from abc import abstractmethod

import numpy as np

from mfn_grpc.core.aggregation.blocks import TILE_COLUMNS, aligned_zeros
from mfn_grpc.core.aggregation.kernels.middle import middle_means
from mfn_grpc.core.aggregation.kernels.nearest import means_near_median
from mfn_grpc.core.aggregation.kernels.networks import network
from mfn_grpc.core.aggregation.rules.base import Prepared, Rule, Seen
from mfn_grpc.core.arrays import Array

TILE_BYTES = 2**18


def majority(f: int, at_least: int) -> int:
    """The least n from `at_least` on with a majority of sound ones: 2 f + 1."""
    return max(2 * f + 1, at_least)


class ByCoordinate(Prepared):
    """A rule at work on every coordinate of `rows`; counts in how many each of the n rows had part."""

    def __init__(self, seen: Seen, rows: Array | None = None) -> None:
        self.rows = np.arange(seen.n) if rows is None else rows
        self._counts = np.zeros(seen.n, np.int64)
        self._tile = np.empty((0, 0))

    @property
    def taken(self) -> Array:
        """Rows that had part in any coordinate."""
        return self._counts > 0

    def shares(self, size: int) -> Array:
        """The share of coordinates that each had part in, over n."""
        found: Array = self._counts / (size * len(self._counts))
        return found

    def combine(self, block: Array, distances: Array) -> Array:
        """As the rule does it, in tiles that stay in the processor's cache."""
        if self._tile.dtype != block.dtype or not self._tile.size:
            # Zeros: what a last tile does not fill is sorted all the same.
            self._tile = aligned_zeros(len(self.rows), _tile_columns(block.itemsize * len(self.rows)), block.dtype)
        combined = np.empty(block.shape[1])
        self._combine(block, combined, distances)
        return combined

    @abstractmethod
    def _combine(self, block: Array, out: Array, distances: Array) -> None:
        """Write the result for a block, add to the counts and to distances [n]."""


def _tile_columns(column_bytes: int) -> int:
    """The most, of TILE_COLUMNS, a half, a quarter and so on, that fit into TILE_BYTES, but 16 at least."""
    fitting = max(16, TILE_BYTES // column_bytes)
    return min(TILE_COLUMNS, 1 << (fitting.bit_length() - 1))


class Middle(ByCoordinate):
    """The mean of the sorted values at places `first` to `last` - 1."""

    def __init__(self, first: int, last: int, seen: Seen) -> None:
        super().__init__(seen)
        self._first, self._last = first, last
        self._network = network(seen.n, first, last)

    def _combine(self, block: Array, out: Array, distances: Array) -> None:
        middle_means(block, self.rows, self._tile, self._network, self._first, self._last, out, self._counts, distances)


class NearMedian(ByCoordinate):
    """The mean of the `kept` values nearest the median, among `rows`; of equally near ones those of the first rows."""

    def __init__(self, kept: int, seen: Seen, rows: Array | None = None) -> None:
        super().__init__(seen, rows)
        self._kept = kept
        self._network = network(len(self.rows), 0, len(self.rows))

    def _combine(self, block: Array, out: Array, distances: Array) -> None:
        width = self._tile.shape[1]
        room = np.empty((2, width)), np.empty(width, np.int64)
        means_near_median(block, self.rows, self._tile, self._network, self._kept, *room, out, self._counts, distances)


class MajorityRule(Rule):
    """A rule that needs n >= 2 f + 1, and can be computed from one update on."""

    def needed(self, f: int, at_least: int = 1) -> int:
        """2 f + 1."""
        return majority(f, at_least)

    def least(self, f: int, at_least: int = 1) -> int:
        """One."""
        return max(1, at_least)
