"""Frames kept on disk until the colour scale of all of them is known."""

import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

LOW, HIGH = 0.5, 99.5
"""Percentiles of each frame that the colour scale must hold: single cells far off do not wash out the rest."""


class FrameSpool:
    """Fields of one shape, appended to a temporary file as float32 and read back in order."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # close() closes it
        self._shape: tuple[int, ...] = ()
        self._limits: list[tuple[float, float]] = []

    def __len__(self) -> int:
        return len(self._limits)

    def add(self, field: NDArray[Any]) -> None:
        """Append one field."""
        self._shape = field.shape
        self._limits.append(scale_of(field))
        self._file.write(np.ascontiguousarray(field, np.float32).data)

    def limits(self) -> tuple[float, float]:
        """The scale that holds every frame but the first, which often is noise far larger than what follows."""
        lows, highs = zip(*(self._limits[1:] or self._limits), strict=True)
        return min(lows), max(highs)

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        size = int(np.prod(self._shape)) * 4
        self._file.seek(0)
        for _ in self._limits:
            yield np.frombuffer(self._file.read(size), np.float32).reshape(self._shape)

    def close(self) -> None:
        """Delete the file."""
        self._file.close()


def scale_of(field: NDArray[Any]) -> tuple[float, float]:
    """The values between which nearly all cells of a field lie."""
    low, high = np.percentile(field, (LOW, HIGH))
    return float(low), float(high)
