"""Follows a field whose states are handed in one by one: the last state is kept, and the history that led to it."""

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.bands import bands, converted
from mfn_grpc.core.features.blocks import BLOCK_CELLS
from mfn_grpc.core.features.history import History
from mfn_grpc.core.features.kernels.watching import watch_rows, watch_step
from mfn_grpc.core.pieces import Pieces

BLOCKS_PER_PIECE = 32


class Follower:
    """The last of the fields [rows, cols], and their history. Memory: that field and a block of rows."""

    def __init__(self, padded: Array, history: History) -> None:
        """From a field inside a border of one cell, [rows + 2, cols + 2], which becomes the follower's own."""
        self._padded, self.history = padded, history

    @classmethod
    def beginning(cls, first: Array) -> Pieces["Follower"]:
        """A follower whose first field is a copy of this valid one, [rows, cols]."""
        history = yield from History.beginning(first)
        rows, cols = first.shape
        padded = np.zeros((rows + 2, cols + 2), first.dtype)
        for band in bands(first.shape):
            padded[band.start + 1 : band.stop + 1, 1:-1] = first[band]
            yield
        return cls(padded, history)

    @property
    def field(self) -> Array:
        """The last field, a view that the next one overwrites."""
        return self._padded[1:-1, 1:-1]

    def follow(self, field: Array) -> Pieces[None]:
        """Take in one step, to a valid field of the same shape; between the pieces, `self` is unfinished."""
        rows, cols = field.shape
        dtype = np.promote_types(self._padded.dtype, field.dtype)
        if dtype != self._padded.dtype:
            self._padded = yield from converted(self._padded, dtype)
        blocks = list(bands(field.shape, BLOCK_CELLS))
        scratch = np.zeros((blocks[0].stop + 2, cols + 2), self._padded.dtype)
        for i, band in enumerate(blocks):
            height = band.stop - band.start
            old, new = self._padded[band.start : band.stop + 2], scratch[: height + 2]
            new[1:-1, 1:-1] = field[band]
            watch_rows(old, new, 0, height, self.history.sums, self.history.record)
            old[1:-1, 1:-1] = new[1:-1, 1:-1]
            if i % BLOCKS_PER_PIECE == BLOCKS_PER_PIECE - 1:
                yield
        watch_step(self.history.sums, self.history.record, rows * cols)
