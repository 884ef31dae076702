"""The last values of several series, each contiguous in memory."""

import numpy as np

from mfn_grpc.core.arrays import Array


class Tail:
    """The last `length` values of `series` series."""

    def __init__(self, series: int, length: int) -> None:
        self._length = length
        # Twice the room: the last values are moved to the front once in `length` appends.
        self._values = np.empty((series, 2 * length))
        self._end = 0

    def append(self, values: Array) -> None:
        """Add one value to each series, [series]; the oldest fall out when there are more than `length`."""
        if self._end == 2 * self._length:
            self._values[:, : self._length] = self._values[:, self._length :]
            self._end = self._length
        self._values[:, self._end] = values
        self._end += 1

    @property
    def values(self) -> Array:
        """What is kept, oldest first, [series, up to length]: a view that the next append may change."""
        return self._values[:, max(0, self._end - self._length) : self._end]

    @property
    def full(self) -> bool:
        """Whether there are `length` values."""
        return self._end >= self._length
