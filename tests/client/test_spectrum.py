"""The measured wavelength against stripes of known wavelength."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mfn_client import peak_wavelength
from mfn_client._spectrum import radial_spectrum


def stripes(rows: int, cols: int, row_waves: float, col_waves: float) -> NDArray[np.float64]:
    y, x = np.mgrid[0:rows, 0:cols]
    return np.asarray(np.cos(2 * np.pi * (row_waves * y / rows + col_waves * x / cols)))


@pytest.mark.parametrize(("row_waves", "col_waves"), [(16, 0), (0, 16), (0, 5), (3, 4), (12, 16)])
def test_stripes_on_a_ring_are_measured_exactly(row_waves: int, col_waves: int) -> None:
    expected = 256 / np.hypot(row_waves, col_waves)
    # A ring's own bin holds all the power and its neighbours the same floor: only rounding remains.
    assert peak_wavelength(stripes(256, 256, row_waves, col_waves)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("row_waves", "col_waves"), [(5, 7), (11, 13), (1, 20), (17, 6), (9, 9)])
def test_oblique_stripes_between_two_rings_are_measured_within_half_a_ring(row_waves: int, col_waves: int) -> None:
    radius = np.hypot(row_waves, col_waves)
    measured = peak_wavelength(stripes(256, 256, row_waves, col_waves))
    assert measured is not None
    # One mode between two rings is the worst case; the bins are one wave a side wide.
    assert abs(256 / measured - radius) < 0.5


def test_the_peak_of_a_broad_ring_of_modes_is_found() -> None:
    rng = np.random.default_rng(1)
    wavenumber = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.fftfreq(256)[None, :]) * 256
    weight = np.exp(-0.5 * ((wavenumber - 21.4) / 2.5) ** 2)
    noise = np.fft.fft2(rng.standard_normal((256, 256)))
    measured = peak_wavelength(np.fft.ifft2(noise * weight).real)
    # Some 300 random modes make up the peak; their scatter moves it by less than a tenth of its width.
    assert measured == pytest.approx(256 / 21.4, rel=0.04)


def test_lengths_follow_the_spacing_of_each_axis() -> None:
    assert peak_wavelength(stripes(64, 128, 0, 16), (1.0, 0.5)) == pytest.approx(4.0, rel=1e-9)
    assert peak_wavelength(stripes(64, 64, 8, 0), (2.0, 2.0)) == pytest.approx(16.0, rel=1e-9)


def test_an_offset_and_a_scale_do_not_matter() -> None:
    plain = stripes(64, 64, 0, 8)
    assert peak_wavelength(plain * 1e-3 - 70.0) == pytest.approx(peak_wavelength(plain) or 0.0, rel=1e-9)


@pytest.mark.parametrize("field", [np.zeros((16, 16)), np.full((16, 16), -70.0), np.full((16, 16), np.nan)])
def test_a_field_without_structure_has_no_wavelength(field: NDArray[Any]) -> None:
    assert peak_wavelength(field) is None


def test_the_spectrum_holds_all_the_power_of_the_field() -> None:
    field = np.random.default_rng(2).standard_normal((32, 48))
    wavenumbers, power = radial_spectrum(field, (1.0, 1.0))
    assert (np.diff(wavenumbers) > 0).all()
    assert wavenumbers[0] > 0
    # White noise: the same mean power in every ring, which Parseval puts at cells times variance.
    assert power[5:15].mean() == pytest.approx(field.size * field.var(), rel=0.15)
