"""The buffers that a simulation steps between, placed so that the kernels run at full speed."""

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from mfn_grpc.core.arrays import Array

ALIAS_BYTES, APART_BYTES = 4096, 1024
"""A load waits for an earlier store whose address ends in the same 12 bits. A kernel reads some buffers while it writes
others, so they begin 1 KiB apart modulo 4 KiB: Gray-Scott at 512 x 512 is a quarter faster for it."""


class Room(NamedTuple):
    """What one buffer takes."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def nbytes(self) -> int:
        """Its size in bytes."""
        return math.prod(self.shape) * self.dtype.itemsize


def apart_buffers(rooms: Sequence[Room]) -> tuple[Array, ...]:
    """Arrays of zeros, each of which begins APART_BYTES modulo ALIAS_BYTES after the one before."""
    sizes = [room.nbytes for room in rooms]
    strides = [size + (APART_BYTES - size) % ALIAS_BYTES for size in sizes]
    starts = [0, *accumulate(strides[:-1])]
    block = np.zeros(starts[-1] + sizes[-1], np.uint8)
    return tuple(
        block[start : start + room.nbytes].view(room.dtype).reshape(room.shape)
        for start, room in zip(starts, rooms, strict=True)
    )
