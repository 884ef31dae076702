"""Follows a field whose states are handed in one by one: the last state is kept, and the history that led to it."""

import numpy as np

from mfn_grpc.core.features.blocks import block_ranges
from mfn_grpc.core.features.history import History
from mfn_grpc.core.features.watching import Array, watch_rows, watch_step
from mfn_grpc.core.pieces import Pieces

BLOCKS_PER_PIECE = 32


class Follower:
    """The last of the fields [rows, cols], and their history. Memory: that field and a block of rows."""

    def __init__(self, first: Array) -> None:
        """Begin with a valid field, which is copied."""
        self.history = History.begin(first)
        rows, cols = first.shape
        self._padded = np.zeros((rows + 2, cols + 2), first.dtype)
        self._padded[1:-1, 1:-1] = first

    @property
    def field(self) -> Array:
        """The last field, a view that the next one overwrites."""
        return self._padded[1:-1, 1:-1]

    def follow(self, field: Array) -> Pieces[None]:
        """Take in one step, to a valid field of the same shape; between the pieces, `self` is unfinished."""
        rows, cols = field.shape
        self._padded = self._padded.astype(np.promote_types(self._padded.dtype, field.dtype), copy=False)
        blocks = list(block_ranges(field.shape))
        scratch = np.zeros((blocks[0][1] + 2, cols + 2), self._padded.dtype)
        for i, (first, last) in enumerate(blocks):
            old, new = self._padded[first : last + 2], scratch[: last - first + 2]
            new[1:-1, 1:-1] = field[first:last]
            watch_rows(old, new, 0, last - first, self.history.sums, self.history.record)
            old[1:-1, 1:-1] = new[1:-1, 1:-1]
            if i % BLOCKS_PER_PIECE == BLOCKS_PER_PIECE - 1:
                yield
        watch_step(self.history.sums, self.history.record, rows * cols)
