"""The wavelength of a pattern, measured from its power spectrum."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def peak_wavelength(field: NDArray[Any], spacing: tuple[float, float] = (1.0, 1.0)) -> float | None:
    """The wavelength at the peak of the radially averaged power spectrum, in length units.

    The peak is refined by the parabola through the logarithms of its bin and the two beside it; an error of a few
    per cent remains where few wavelengths fit the field.

    Args:
        field: [rows, columns], real, taken as periodic.
        spacing: Distance between rows and between columns.

    Returns:
        The wavelength, or None for a field without structure (constant, or not finite).
    """
    values = np.asarray(field, np.float64)
    if not np.isfinite(values).all() or values.std() <= 1e-12 * max(1.0, float(np.abs(values).max())):
        return None
    wavenumbers, power = radial_spectrum(values, spacing)
    peak = int(power.argmax())
    shift = _parabolic_shift(power[peak - 1 : peak + 2]) if 0 < peak < len(power) - 1 else 0.0
    return float(2 * np.pi / (wavenumbers[peak] + shift * (wavenumbers[1] - wavenumbers[0])))


def radial_spectrum(
    field: NDArray[np.float64], spacing: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean power in rings of equal width: (wavenumbers of the rings in radians per length unit, power).

    The width is the smallest wavenumber that fits the longer side. A mode between two rings counts for both in
    proportion, so that the spectrum does not jump with the direction of a wave.
    """
    power = np.abs(np.fft.rfft2(field - field.mean())) ** 2
    ky = 2 * np.pi * np.fft.fftfreq(field.shape[0], spacing[0])
    kx = 2 * np.pi * np.fft.rfftfreq(field.shape[1], spacing[1])
    radius = np.hypot(ky[:, None], kx[None, :])
    width = 2 * np.pi / max(field.shape[0] * spacing[0], field.shape[1] * spacing[1])
    # Columns of rfft2 other than the first (and the last of an even width) stand for two modes.
    twice = np.full(power.shape, 2.0)
    twice[:, 0] = 1.0
    if field.shape[1] % 2 == 0:
        twice[:, -1] = 1.0
    position = radius / width
    lower = np.floor(position).astype(np.intp)
    share = position - lower
    rings = int(lower.max()) + 2
    sums, counts = np.zeros(rings), np.zeros(rings)
    for ring, part in ((lower, 1 - share), (lower + 1, share)):
        weight = (part * twice).ravel()
        sums += np.bincount(ring.ravel(), weight * power.ravel(), rings)
        counts += np.bincount(ring.ravel(), weight, rings)
    filled = counts > 1e-9
    filled[0] = False
    return width * np.flatnonzero(filled), sums[filled] / counts[filled]


def _parabolic_shift(three: NDArray[np.float64]) -> float:
    """Where the parabola through three equally spaced values peaks, in bins from the middle one."""
    floor = three.max() * 1e-6  # an empty bin would have no logarithm
    left, middle, right = np.log(np.maximum(three, floor))
    curvature = left - 2 * middle + right
    return 0.0 if curvature >= 0 else float(0.5 * (left - right) / curvature)
