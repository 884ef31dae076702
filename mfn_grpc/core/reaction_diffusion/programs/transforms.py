"""Transforms in which the five-point Laplacian is diagonal: Fourier along periodic axes, cosine along no-flux ones.

Lines of an axis are transformed alone, so that a grid can be done in blocks of lines, each axis by its own boundary.
The cosine transform is the second kind, whose modes are even about the outer faces of the edge cells (Strang 1999).
"""

import math
from abc import ABC, abstractmethod

import numpy as np
from scipy import fft

from mfn_grpc.core.arrays import Array


class Axis(ABC):
    """One axis of `cells` cells at a distance of `spacing`, with `modes` modes."""

    modes: int

    def __init__(self, cells: int, spacing: float) -> None:
        self.cells, self.spacing = cells, spacing

    @property
    @abstractmethod
    def eigenvalues(self) -> Array:
        """Of minus the second difference, one for each mode, float64 [modes], in 1 / length^2."""

    @abstractmethod
    def forward(self, lines: Array, axis: int) -> Array:
        """The modes of lines along `axis`."""

    @abstractmethod
    def inverse(self, modes: Array, axis: int) -> Array:
        """The lines of modes along `axis`."""

    def _eigenvalues(self, phases: Array) -> Array:
        """(2 / dx sin(phase / 2))^2, with the phase of a mode from one cell to the next."""
        return np.square(2.0 / self.spacing * np.sin(0.5 * phases))


class PeriodicAxis(Axis):
    """Modes exp(2 pi i m j / n), of both signs; of real lines the first half, which determines the others."""

    def __init__(self, cells: int, spacing: float, *, real: bool) -> None:
        super().__init__(cells, spacing)
        self.modes = cells // 2 + 1 if real else cells
        self._real = real

    @property
    def eigenvalues(self) -> Array:
        """In the order of the discrete Fourier transform."""
        return self._eigenvalues(2.0 * math.pi / self.cells * np.arange(self.modes))

    def forward(self, lines: Array, axis: int) -> Array:
        """Complex modes."""
        return fft.rfft(lines, axis=axis) if self._real else fft.fft(lines, axis=axis)

    def inverse(self, modes: Array, axis: int) -> Array:
        """Real lines, or complex ones where they came so."""
        return fft.irfft(modes, self.cells, axis=axis) if self._real else fft.ifft(modes, axis=axis)


class InsulatedAxis(Axis):
    """Modes cos(pi m (j + 1/2) / n)."""

    def __init__(self, cells: int, spacing: float) -> None:
        super().__init__(cells, spacing)
        self.modes = cells

    @property
    def eigenvalues(self) -> Array:
        """In the order of the cosine transform."""
        return self._eigenvalues(math.pi / self.cells * np.arange(self.modes))

    def forward(self, lines: Array, axis: int) -> Array:
        """Modes of the type of the lines."""
        return fft.dct(lines, axis=axis)

    def inverse(self, modes: Array, axis: int) -> Array:
        """Lines of the type of the modes."""
        return fft.idct(modes, axis=axis)
