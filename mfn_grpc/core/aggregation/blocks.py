"""Reading all updates side by side, a block of columns at a time: memory does not grow with their number or length."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from mfn_grpc.core.aggregation.updates import Source
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import Pieces

BLOCK_ELEMENTS = 2**20
"""Elements of a block, 8 MiB in float64. The same on every machine: where sums are cut decides their last bits."""
PIECE_ELEMENTS = 2**18
NARROWEST = 16
TILE_COLUMNS = 512
"""Columns of a block that a kernel takes at a time at most, so that they stay in the processor's cache."""
CACHE_LINE = 64


class Link(Protocol):
    """A linear map of the rows of a block, as a pre-aggregator makes it."""

    def apply(self, block: Array) -> Array:
        """The mapped block [rows after, w] of a block [rows, w], both float64; may change and return its argument."""
        ...


def width_for(rows: int) -> int:
    """Columns of a block of so many rows: whole tiles, or less than one; at least NARROWEST, whatever that takes."""
    columns = BLOCK_ELEMENTS // rows
    return columns // TILE_COLUMNS * TILE_COLUMNS or max(NARROWEST, columns)


def aligned_zeros(rows: int, columns: int, dtype: np.dtype[np.floating]) -> Array:
    """Zeros [rows, columns] that begin at a cache line, which numpy does not see to.

    Where rows are whole lines too, no vector lies across two of them: comparing and swapping takes a third less time.
    """
    size = rows * columns * dtype.itemsize
    raw = np.zeros(size + CACHE_LINE, np.uint8)
    first = -raw.ctypes.data % CACHE_LINE
    return raw[first : first + size].view(dtype).reshape(rows, columns)


def spans(size: int, width: int) -> Iterator[tuple[int, int]]:
    """The (start, stop) of all blocks of columns, in order."""
    return ((start, min(start + width, size)) for start in range(0, size, width))


class Reader:
    """Reads sources as the rows of blocks [rows, w], through `links` if there are any.

    dtype: of the blocks that are read; those that went through a link are float64. extra: sources that stand behind the
    others and that links leave alone. A block is good until the next one is read.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        dtype: np.dtype[np.floating],
        links: Sequence[Link] = (),
        extra: Sequence[Source] = (),
    ) -> None:
        self._sources, self._links, self._mapped = [*sources, *extra], links, len(sources)
        self.rows = len(self._sources)
        self.width = width_for(self.rows)
        self._buffer = aligned_zeros(self.rows, self.width, np.dtype(np.float64) if links else dtype).ravel()

    def read(self, start: int, stop: int, rows: Array | None = None) -> Pieces[Array]:
        """The block of columns `start` to `stop` - 1, at most `width` of them.

        rows: which to read, ascending, when not all are needed; the others then hold anything. For readers without
        links only.
        """
        block = self._buffer[: self.rows * (stop - start)].reshape(self.rows, stop - start)
        read = 0
        for row in range(self.rows) if rows is None else rows:
            block[row] = self._sources[row].read(start, stop)
            read += stop - start
            if read >= PIECE_ELEMENTS:
                read = 0
                yield
        if self._links:
            return (yield from self._map(block))
        return block

    def _map(self, block: Array) -> Pieces[Array]:
        mapped, extra = block[: self._mapped], block[self._mapped :]
        for link in self._links:
            mapped = link.apply(mapped)
            yield
        return np.concatenate([mapped, extra]) if len(extra) else mapped
