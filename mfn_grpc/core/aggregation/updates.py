"""What clients send: one vector over the whole model each, read in blocks of elements."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mfn_grpc.core.arrays import Array


class Source(Protocol):
    """A vector that is read piece by piece, so that it may be longer than memory."""

    def read(self, start: int, stop: int) -> Array:
        """Elements `start` to `stop` - 1: float32 or float64 [stop - start]. The array may be read-only."""
        ...


@dataclass(frozen=True)
class ArraySource:
    """A vector in an array of float32 or float64, which may be memory-mapped."""

    array: Array

    def read(self, start: int, stop: int) -> Array:
        """Elements `start` to `stop` - 1, not copied."""
        # A plain view: slices of numpy.memmap are slow to make.
        return np.asarray(self.array)[start:stop]


@dataclass(frozen=True)
class Update:
    """One client's update. weight: for rules that weigh, as the client claims it; 0 or more."""

    client_id: str
    source: Source
    weight: float = 1.0
