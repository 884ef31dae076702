"""Which wavenumbers grow: in the continuum, and among the modes of a grid with its discrete Laplacian."""

import functools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mfn_grpc.core.reaction_diffusion.stability.dispersion import Dispersion
from mfn_grpc.core.reaction_diffusion.stability.types import UnstableBand

Floats = NDArray[np.float64]

# Phase of the first mode from one end of an axis to the other.
_PHASE_ACROSS = {"periodic": 2.0 * math.pi, "no_flux": math.pi}


def continuum_band(relation: Dispersion) -> UnstableBand | None:
    """The growing wavenumbers of an unbounded medium in closed form, or None."""
    ranges = relation.growing_ranges()
    if not ranges:
        return None
    fastest = relation.fastest()
    lowest, highest = min(low for low, _ in ranges), max(high for _, high in ranges)
    return _band(max(lowest, 0.0), highest, fastest, relation.growth_limit(fastest))


def grid_band(
    relation: Dispersion, shape: Sequence[int], spacing: Sequence[float], boundary_kinds: Sequence[str]
) -> UnstableBand | None:
    """The growing wavenumbers |k| among the modes that fit a grid of any number of axes, or None.

    A mode of the discrete Laplacian has mu = sum over axes of (4/dx^2) sin^2(k dx/2), with k = 2 pi m/(N dx) on a
    "periodic" axis and pi m/(N dx) on a "no_flux" one. Time and memory grow with the cells of all axes but the last.
    """
    wavenumbers = [_wavenumbers(*axis) for axis in zip(shape, spacing, boundary_kinds, strict=True)]
    eigenvalues = [(2.0 / dx * np.sin(0.5 * dx * k)) ** 2 for dx, k in zip(spacing, wavenumbers, strict=True)]
    squares = [k * k for k in wavenumbers]
    modes = _Modes(_sums(eigenvalues[:-1]), _sums(squares[:-1]), eigenvalues[-1], squares[-1])
    ends = modes.growing_ends(relation)
    if ends is None:
        return None
    return _band(*ends, *modes.fastest(relation))


def _wavenumbers(cells: int, spacing: float, kind: str) -> Floats:
    """The modes of one axis, rising; a periodic axis has each twice, which changes nothing here."""
    count = cells // 2 + 1 if kind == "periodic" else cells
    return _PHASE_ACROSS[kind] / (cells * spacing) * np.arange(count, dtype=np.float64)


def _sums(axes: Sequence[Floats]) -> Floats:
    """All sums of one entry an axis, flat; a single 0 for no axes."""
    return functools.reduce(np.add.outer, axes, np.zeros(())).ravel()


class _Modes:
    """The modes of a grid as lines: a mode's mu and k^2 are those of its line plus those of its place in the line.

    Both rise along a line, so that each interval of mu is one run of places, found by bisection: the product of all
    axes is never built.
    """

    def __init__(self, line_mu: Floats, line_k2: Floats, mu: Floats, k2: Floats) -> None:
        self.line_mu, self.line_k2, self.mu, self.k2 = line_mu, line_k2, mu, k2

    def growing_ends(self, relation: Dispersion) -> tuple[float, float] | None:
        """Smallest and largest k^2 that grow, or None."""
        found = [ends for low, high in relation.growing_ranges() if (ends := self._ends(low, high)) is not None]
        if not found:
            return None
        return min(low for low, _ in found), max(high for _, high in found)

    def _ends(self, low: float, high: float) -> tuple[float, float] | None:
        first = np.searchsorted(self.mu, low - self.line_mu, side="right")
        last = np.searchsorted(self.mu, high - self.line_mu, side="left") - 1
        hit = first <= last
        if not hit.any():
            return None
        lines = self.line_k2[hit]
        return float((lines + self.k2[first[hit]]).min()), float((lines + self.k2[last[hit]]).max())

    def fastest(self, relation: Dispersion) -> tuple[float, float]:
        """k^2 and growth rate of the mode that grows fastest.

        Growth falls from mu = 0, then rises to its turning point and falls again: the fastest mode is the homogeneous
        one or, in some line, next to that point.
        """
        above = np.searchsorted(self.mu, relation.fastest() - self.line_mu)
        mu, k2 = [np.zeros(1)], [np.zeros(1)]
        for place in (above - 1, above):
            inside = np.clip(place, 0, len(self.mu) - 1)
            mu.append(self.line_mu + self.mu[inside])
            k2.append(self.line_k2 + self.k2[inside])
        growth = relation.growth(np.concatenate(mu))
        best = int(growth.argmax())
        return float(np.concatenate(k2)[best]), float(growth[best])


def _band(lowest_k2: float, highest_k2: float, fastest_k2: float, growth: float) -> UnstableBand:
    fastest = math.sqrt(fastest_k2)
    wavelength = 2.0 * math.pi / fastest if fastest else math.inf
    return UnstableBand(math.sqrt(lowest_k2), math.sqrt(highest_k2), fastest, growth, wavelength)
