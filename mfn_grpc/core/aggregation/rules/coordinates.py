"""What rules that work coordinate by coordinate have in common."""

from abc import abstractmethod

import numpy as np

from mfn_grpc.core.aggregation.blocks import aligned_zeros, spans
from mfn_grpc.core.aggregation.kernels.middle import middle_means
from mfn_grpc.core.aggregation.kernels.nearest import means_near_median
from mfn_grpc.core.aggregation.kernels.sorting import GROUP, NARROW, WIDE, groups
from mfn_grpc.core.aggregation.rules.base import Prepared, Rule, Seen
from mfn_grpc.core.arrays import Array

TILE_BYTES = 2**21
"""Above it a tile is a narrow one: what lies beyond the second cache costs less than short rows, up to there."""


def majority(f: int, at_least: int) -> int:
    """The least n from `at_least` on with a majority of sound ones: 2 f + 1."""
    return max(2 * f + 1, at_least)


class ByCoordinate(Prepared):
    """A rule at work on every coordinate of `rows`; counts in how many each of the n rows had part."""

    def __init__(self, seen: Seen, rows: Array | None = None) -> None:
        self.rows = np.arange(seen.n) if rows is None else rows
        self._counts = np.zeros(seen.n, np.int64)
        self._hands = seen.hands
        self._tiles = [np.empty((0, 0))]

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
        if self._tiles[0].dtype != block.dtype or not self._tiles[0].size:
            # Zeros: what a last tile does not fill is sorted all the same.
            self._tiles = [_tile_for(len(self.rows), block.dtype) for _ in range(self._hands.count)]
        combined = np.empty(block.shape[1])
        self._combine(block, combined, distances)
        return combined

    def _middle(self, block: Array, places: tuple[int, int], merges: Array, out: Array, distances: Array) -> None:
        """Means of the sorted values at places first to last - 1: each of the hands takes some tiles of the block.

        What is added up for each row is added up tile by tile, in order, whoever did them.
        """
        width, size = self._tiles[0].shape[1], block.shape[1]
        tiles = -(-size // width)
        counts, squares = np.zeros((tiles, len(distances)), np.int64), np.zeros((tiles, len(distances)))

        def work(part: tuple[Array, tuple[int, int]]) -> None:
            tile, (begin, end) = part
            middle_means(block, begin, end, self.rows, tile, merges, *places, out, counts, squares)

        step = -(-tiles // self._hands.count) * width
        self._hands.work(work, zip(self._tiles, spans(size, step), strict=False))
        for count, square in zip(counts, squares, strict=True):
            self._counts += count
            distances += square

    @abstractmethod
    def _combine(self, block: Array, out: Array, distances: Array) -> None:
        """Write the result for a block, add to the counts and to distances [n]."""


def _tile_for(rows: int, dtype: np.dtype[np.floating]) -> Array:
    """Room for so many rows, in whole groups."""
    padded = -(-rows // GROUP) * GROUP
    return aligned_zeros(padded, WIDE if padded * WIDE * dtype.itemsize <= TILE_BYTES else NARROW, dtype)


class Middle(ByCoordinate):
    """The mean of the sorted values at places `first` to `last` - 1."""

    def __init__(self, first: int, last: int, seen: Seen) -> None:
        super().__init__(seen)
        self._places = first, last
        self._merges = groups(seen.n, first, last)

    def _combine(self, block: Array, out: Array, distances: Array) -> None:
        self._middle(block, self._places, self._merges, out, distances)


class NearMedian(ByCoordinate):
    """The mean of the `kept` values nearest the median, among `rows`; of equally near ones those of the first rows."""

    def __init__(self, kept: int, seen: Seen, rows: Array | None = None) -> None:
        super().__init__(seen, rows)
        self._kept = kept
        self._merges = groups(len(self.rows), 0, len(self.rows))

    def _combine(self, block: Array, out: Array, distances: Array) -> None:
        tile = self._tiles[0]
        width = tile.shape[1]
        room = np.empty((2, width)), np.empty(width, np.int64)
        means_near_median(block, self.rows, tile, self._merges, self._kept, *room, out, self._counts, distances)


class MajorityRule(Rule):
    """A rule that needs n >= 2 f + 1, and can be computed from one update on."""

    def needed(self, f: int, at_least: int = 1) -> int:
        """2 f + 1."""
        return majority(f, at_least)

    def least(self, f: int, at_least: int = 1) -> int:
        """One."""
        return max(1, at_least)
