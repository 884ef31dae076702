"""What the memory gives one thread that reads one long array and writes another with ordinary stores.

A store that misses the cache first reads the line that it writes to, so that a number costs three transfers. Copies
often avoid that with stores past the cache; a stencil's loop, which reads again what it wrote, does not.
"""

from typing import Any

import numpy as np

from mfn_grpc.core.compiling import jit

TRANSFERS = 3
"""Of the number that is read, of the line that is to be written, and of the number that is written."""
STEP_BYTES = 2 * TRANSFERS * 8
"""What a float64 step of two species transfers for each cell when nothing stays in the cache until the next step."""


@jit
def scale(source: Any, target: Any, factor: Any) -> None:
    """Write factor * source to target: no copy, which the compiler would hand to the C library."""
    for i in range(source.size):
        target[i] = factor * source[i]


class OrdinaryStores:
    """Two arrays far larger than any cache, float64 [numbers]."""

    def __init__(self, numbers: int) -> None:
        self._source, self._target = np.ones(numbers), np.ones(numbers)
        self.nbytes = TRANSFERS * self._source.nbytes
        self.write()

    def write(self) -> None:
        """Transfer `nbytes` once."""
        scale(self._source, self._target, 0.5)
