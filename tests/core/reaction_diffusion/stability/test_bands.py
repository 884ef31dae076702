import itertools
import math
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from mfn_grpc.core.reaction_diffusion.stability import Dispersion, continuum_band, grid_band

TURING = Dispersion(0.8, 1.0, -1.8, -1.0, 1.0, 10.0)
OSCILLATING = Dispersion(1.0, -4.0, 4.0, -0.5, 0.1, 0.2)
# tr J > 0 and, apart from that, a Turing band: the modes between do not grow.
GAPPED = Dispersion(1.05, 1.0, -2.8, -1.0, 1.0, 12.0)
STILL_ACTIVATOR = Dispersion(0.8, 1.0, -1.8, -1.0, 0.0, 1.0)
SADDLE = Dispersion(0.5, 1.0, 1.0, -1.0, 0.3, 0.1)
CASES = (TURING, OSCILLATING, GAPPED, STILL_ACTIVATOR, SADDLE)
KINDS = ("periodic", "no_flux")


def second_difference(cells: int, spacing: float, kind: str) -> np.ndarray:
    """The discrete Laplacian of one axis as a matrix."""
    matrix = np.diag(np.full(cells, -2.0)) + np.diag(np.ones(cells - 1), 1) + np.diag(np.ones(cells - 1), -1)
    if kind == "periodic":
        matrix[0, -1] += 1
        matrix[-1, 0] += 1
    else:
        matrix[0, 0] = matrix[-1, -1] = -1
    return matrix / spacing**2


def operator(
    relation: Dispersion, shape: tuple[int, ...], spacing: tuple[float, ...], kinds: tuple[str, ...]
) -> np.ndarray:
    """The linearised right-hand side on every cell, J kron 1 + D kron Laplacian."""
    laplacian: np.ndarray = np.zeros((1, 1))
    for axis in zip(shape, spacing, kinds, strict=True):
        one = second_difference(*axis)
        laplacian = np.kron(laplacian, np.eye(len(one))) + np.kron(np.eye(len(laplacian)), one)
    jacobian = np.array([[relation.fu, relation.fv], [relation.gu, relation.gv]])
    diffusion = np.diag([relation.du, relation.dv])
    return np.asarray(np.kron(jacobian, np.eye(len(laplacian))) + np.kron(diffusion, laplacian))


def band_by_enumeration(
    relation: Dispersion, shape: tuple[int, ...], spacing: tuple[float, ...], kinds: tuple[str, ...]
) -> tuple[float, float, float, float] | None:
    """Smallest, largest and fastest |k| and its growth, visiting every mode of the grid."""
    per_axis = []
    for n, dx, kind in zip(shape, spacing, kinds, strict=True):
        indices = range(-(n // 2), n - n // 2) if kind == "periodic" else range(n)
        unit = (2 if kind == "periodic" else 1) * math.pi / (n * dx)
        per_axis.append([(m * unit, (2 - 2 * math.cos(m * unit * dx)) / dx**2) for m in indices])
    growing = []
    for mode in itertools.product(*per_axis):
        growth = float(relation.growth(math.fsum(mu for _, mu in mode)))
        if growth > 0:
            growing.append((math.hypot(*(k for k, _ in mode)), growth))
    if not growing:
        return None
    # Modes of equal growth come in equal |k| or mirrored; the fastest is compared by its growth.
    fastest = max(growing, key=lambda found: found[1])
    return min(k for k, _ in growing), max(k for k, _ in growing), *fastest


@pytest.mark.parametrize("relation", CASES)
@pytest.mark.parametrize("kinds", list(itertools.product(KINDS, KINDS)))
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (1.7, 0.6)])
@pytest.mark.parametrize("shape", [(8, 6), (23, 40)])
def test_the_grid_band_agrees_with_a_visit_to_every_mode(
    relation: Dispersion, kinds: tuple[str, str], spacing: tuple[float, float], shape: tuple[int, int]
) -> None:
    band, expected = grid_band(relation, shape, spacing, kinds), band_by_enumeration(relation, shape, spacing, kinds)
    if expected is None:
        assert band is None
        return
    assert band is not None
    found = band.wavenumber_min, band.wavenumber_max, band.growth_rate
    assert found == pytest.approx((expected[0], expected[1], expected[3]), rel=1e-12)
    assert band.wavenumber_fastest == pytest.approx(expected[2], rel=1e-12)


@pytest.mark.parametrize("relation", CASES)
@pytest.mark.parametrize("kinds", list(itertools.product(KINDS, KINDS)))
def test_growth_on_a_grid_is_the_spectral_abscissa_of_the_assembled_operator(
    relation: Dispersion, kinds: tuple[str, str]
) -> None:
    shape, spacing = (8, 6), (1.3, 1.9)
    band = grid_band(relation, shape, spacing, kinds)
    eigenvalues = np.linalg.eigvals(operator(relation, shape, spacing, kinds))
    assert band is not None
    # A dense solver's backward error: 1e-15 of the operator's norm, ten or less here, times its size.
    assert band.growth_rate == pytest.approx(float(eigenvalues.real.max()), abs=1e-12)


def test_a_grid_without_growing_modes_has_no_band_and_its_operator_no_growth() -> None:
    shape, spacing, kinds = (8, 6), (0.4, 0.5), ("periodic", "no_flux")
    assert grid_band(TURING, shape, spacing, kinds) is None
    assert np.linalg.eigvals(operator(TURING, shape, spacing, kinds)).real.max() < 0


@settings(max_examples=50)
@given(
    st.sampled_from(CASES),
    st.tuples(st.integers(4, 17), st.integers(4, 17)),
    st.tuples(st.floats(0.3, 4.0), st.floats(0.3, 4.0)),
    st.tuples(st.sampled_from(KINDS), st.sampled_from(KINDS)),
)
def test_turning_the_grid_turns_nothing_else(
    relation: Dispersion, shape: tuple[int, int], spacing: tuple[float, float], kinds: tuple[str, str]
) -> None:
    band, turned = (
        grid_band(relation, shape, spacing, kinds),
        grid_band(relation, shape[::-1], spacing[::-1], kinds[::-1]),
    )
    if band is None or turned is None:
        assert band is turned
        return
    assert band.wavenumber_min == pytest.approx(turned.wavenumber_min, rel=1e-12, abs=1e-12)
    assert band.wavenumber_max == pytest.approx(turned.wavenumber_max, rel=1e-12)
    assert band.growth_rate == pytest.approx(turned.growth_rate, rel=1e-9)


@pytest.mark.parametrize("axes", [1, 3])
def test_grids_of_one_and_three_axes_are_analysed_alike(axes: int) -> None:
    shape, spacing, kinds = (9, 6, 10)[:axes], (1.5, 1.0, 1.2)[:axes], ("no_flux", "periodic", "no_flux")[:axes]
    band, expected = grid_band(TURING, shape, spacing, kinds), band_by_enumeration(TURING, shape, spacing, kinds)
    assert band is not None
    assert expected is not None
    found = band.wavenumber_min, band.wavenumber_max, band.wavenumber_fastest, band.growth_rate
    assert found == pytest.approx(expected, rel=1e-12)


def test_a_fine_and_large_grid_approaches_the_continuum() -> None:
    grid, continuum = grid_band(TURING, (4096, 4096), (0.05, 0.05), ("no_flux", "no_flux")), continuum_band(TURING)
    assert grid is not None
    assert continuum is not None
    for name in ("wavenumber_min", "wavenumber_max", "wavenumber_fastest", "growth_rate", "wavelength"):
        # The Laplacian's error is (k dx)^2 / 12 = 1e-4, and modes lie 0.015 apart on each axis, far denser in |k|.
        assert getattr(grid, name) == pytest.approx(getattr(continuum, name), rel=1e-3)


def test_the_continuum_band_ends_where_growth_changes_sign() -> None:
    band = continuum_band(TURING)
    assert band is not None
    middle = band.wavenumber_fastest

    def growth(wavenumber: float) -> float:
        return float(TURING.growth(wavenumber**2))

    assert band.wavenumber_min == pytest.approx(brentq(growth, 0.1, middle, xtol=1e-14), rel=1e-12)
    assert band.wavenumber_max == pytest.approx(brentq(growth, middle, 2.0, xtol=1e-14), rel=1e-12)
    assert band.growth_rate == pytest.approx(growth(middle), rel=1e-14)
    assert band.wavelength == pytest.approx(2 * math.pi / middle, rel=1e-15)


def test_an_oscillation_grows_from_the_homogeneous_mode_on() -> None:
    band = continuum_band(OSCILLATING)
    assert band is not None
    # t(mu) = .5 - .3 mu.
    assert astuple(band) == pytest.approx((0.0, math.sqrt(5 / 3), 0.0, 0.25, math.inf))


def test_a_band_reaches_over_a_gap() -> None:
    band = continuum_band(GAPPED)
    assert band is not None
    assert band.wavenumber_min == 0.0
    (_, homogeneous_end), (turing_start, turing_end) = GAPPED.growing_ranges()
    assert homogeneous_end < turing_start
    assert band.wavenumber_max == pytest.approx(math.sqrt(turing_end))


def test_a_still_activator_leaves_the_band_open() -> None:
    band = continuum_band(STILL_ACTIVATOR)
    assert band is not None
    assert astuple(band) == pytest.approx((math.sqrt(1.25), math.inf, math.inf, 0.8, 0.0))


@pytest.mark.parametrize("diffusion", [(1.0, 1.0), (1.0, 8.0), (10.0, 1.0)])
def test_there_is_no_band_where_nothing_grows(diffusion: tuple[float, float]) -> None:
    stable = Dispersion(0.8, 1.0, -1.8, -1.0, *diffusion)
    assert continuum_band(stable) is None
    assert grid_band(stable, (64, 64), (1.0, 1.0), ("periodic", "periodic")) is None


def test_a_marginal_homogeneous_mode_does_not_grow() -> None:
    assert continuum_band(Dispersion(0.0, 0.0, 0.0, 0.0, 1.0, 2.0)) is None
    assert grid_band(Dispersion(0.0, 0.0, 0.0, 0.0, 1.0, 2.0), (8, 8), (1.0, 1.0), ("periodic", "no_flux")) is None
