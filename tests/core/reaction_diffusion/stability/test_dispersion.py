import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from mfn_grpc.core.reaction_diffusion.stability import Dispersion, growth_rate

# Hundredths: no entry so small that a product of two vanishes.
entries = st.integers(-1000, 1000).map(lambda hundredths: hundredths / 100)
diffusions = st.floats(0.01, 100.0)
relations = st.builds(Dispersion, entries, entries, entries, entries, diffusions, diffusions)
# Schnakenberg at a = .1, b = .9.
TURING = Dispersion(0.8, 1.0, -1.8, -1.0, 1.0, 10.0)


def matrices(relation: Dispersion, mu: np.ndarray) -> np.ndarray:
    at_zero = np.array([[relation.fu, relation.fv], [relation.gu, relation.gv]])
    return np.asarray(at_zero - mu[..., None, None] * np.diag([relation.du, relation.dv]))


def largest_real_parts(relation: Dispersion, mu: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.eigvals(matrices(relation, mu)).real.max(axis=-1))


@given(relations)
def test_the_growth_rate_is_the_largest_real_part_of_the_eigenvalues(relation: Dispersion) -> None:
    mu = np.linspace(0.0, 20.0, 101).reshape(1, 101)
    jacobian = [[relation.fu, relation.fv], [relation.gu, relation.gv]]
    found = growth_rate(jacobian, (relation.du, relation.dv), mu)
    assert found.shape == mu.shape
    size = np.abs(matrices(relation, mu)).max(axis=(-2, -1))
    # A double eigenvalue moves by the square root of a rounding error.
    assert np.all(np.abs(found - largest_real_parts(relation, mu)) <= 1e-7 * size)


def test_the_growth_rate_of_one_mode_is_exact_to_roundoff() -> None:
    # sigma^2 + (11 k2 + .2) sigma + 10 k2^2 - 7 k2 + 1 = 0 at k2 = .3.
    trace, determinant = -3.5, 10 * 0.09 - 2.1 + 1
    expected = (trace + math.sqrt(trace * trace - 4 * determinant)) / 2
    assert float(growth_rate([[0.8, 1.0], [-1.8, -1.0]], (1.0, 10.0), 0.3)) == pytest.approx(expected, rel=1e-13)


@given(relations)
def test_no_mode_grows_faster_than_the_fastest(relation: Dispersion) -> None:
    fastest = relation.fastest()
    best = relation.growth_limit(fastest)
    mu = np.concatenate([np.linspace(0.0, 5.0, 1001), np.geomspace(1e-6, 1e6, 1001)])
    assert relation.growth(mu).max() <= best + 1e-9 * (1 + abs(best))


def test_the_fastest_mode_is_where_a_search_finds_it() -> None:
    found = minimize_scalar(
        lambda mu: -float(largest_real_parts(TURING, np.array(mu))), bounds=(0.2, 0.5), method="bounded"
    )
    # The search sees a flat top: its place is known to the square root of the rounding of its height.
    assert TURING.fastest() == pytest.approx(found.x, rel=1e-5)
    assert TURING.growth_limit(TURING.fastest()) == pytest.approx(-found.fun, rel=1e-12)


def test_an_oscillation_grows_fastest_without_a_wavelength() -> None:
    assert Dispersion(1.0, -4.0, 4.0, -0.5, 1.0, 2.0).fastest() == 0.0


@pytest.mark.parametrize(("du", "dv"), [(1.0, 1.0), (0.0, 0.0)])
def test_equal_diffusion_favours_the_homogeneous_mode(du: float, dv: float) -> None:
    assert Dispersion(0.8, 1.0, -1.8, -1.0, du, dv).fastest() == 0.0


@given(relations)
def test_growing_ranges_hold_the_growing_modes_and_no_others(relation: Dispersion) -> None:
    mu = np.concatenate([[0.0], np.geomspace(1e-4, 1e5, 2001)])
    inside = np.zeros(mu.shape, bool)
    for low, high in relation.growing_ranges():
        inside |= (mu > low) & (mu < high)
    growth, size = relation.growth(mu), np.abs(matrices(relation, mu)).max(axis=(-2, -1))
    # A growth rate within rounding of zero has no sign.
    clear = np.abs(growth) > 1e-9 * size
    assert np.array_equal(inside[clear], growth[clear] > 0)


@given(relations)
def test_eigenvalues_are_complex_in_the_complex_range_and_real_outside(relation: Dispersion) -> None:
    low, high = relation.complex_range() or (math.inf, math.inf)
    mu = np.concatenate([-np.geomspace(1e-4, 1e5, 500), [0.0], np.geomspace(1e-4, 1e5, 500)])
    discriminant, size = relation.discriminant(mu), np.abs(matrices(relation, mu)).max(axis=(-2, -1))
    clear = np.abs(discriminant) > 1e-9 * size**2
    assert np.array_equal(((mu > low) & (mu < high))[clear], discriminant[clear] < 0)


@given(relations)
def test_real_eigenvalues_are_stationary_at_the_turning_points(relation: Dispersion) -> None:
    points = relation.turning_points()
    assume(points is not None)
    assert points is not None
    for mu, side in zip(points, (-1, 1), strict=True):
        inner = relation.discriminant(mu)
        half_difference = 0.5 * (relation.fu - relation.gv - (relation.du - relation.dv) * mu)
        # The discriminant is a difference: its digits are those that it keeps of its terms.
        if inner > 1e-6 * half_difference**2:
            slope = side * half_difference * (relation.dv - relation.du) / math.sqrt(inner)
            assert slope == pytest.approx(relation.du + relation.dv, rel=1e-8)


def test_a_still_activator_grows_towards_its_own_rate_at_ever_shorter_waves() -> None:
    relation = Dispersion(0.8, 1.0, -1.8, -1.0, 0.0, 1.0)
    assert relation.fastest() == math.inf
    assert relation.growth_limit(math.inf) == 0.8
    assert float(relation.growth(1e9)) == pytest.approx(0.8, rel=1e-6)
    # h(mu) = det J - dv fu mu falls below zero at 1 / .8.
    ((low, high),) = relation.growing_ranges()
    assert low == pytest.approx(1.25)
    assert high == math.inf


def test_a_still_second_species_is_treated_alike() -> None:
    relation = Dispersion(-1.0, -1.8, 1.0, 0.8, 1.0, 0.0)
    assert relation.fastest() == math.inf
    assert relation.growth_limit(math.inf) == 0.8


def test_a_still_inhibitor_leaves_the_long_waves_to_grow() -> None:
    # A saddle whose growing species diffuses: h(mu) = -2 + 2 mu.
    relation = Dispersion(1.0, 0.0, 0.0, -2.0, 1.0, 0.0)
    ((low, high),) = relation.growing_ranges()
    assert low == -math.inf
    assert high == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("jacobian", "expected"),
    [
        ((-1.0, 0.0, 0.0, -1.0), []),
        ((0.0, 0.0, 0.0, 0.0), []),
        ((1.0, 0.0, 0.0, -2.0), [(-math.inf, math.inf)]),
        ((1.0, -2.0, 2.0, 0.0), [(-math.inf, math.inf)]),
    ],
)
def test_without_diffusion_all_modes_behave_alike(
    jacobian: tuple[float, float, float, float], expected: list[tuple[float, float]]
) -> None:
    assert Dispersion(*jacobian, 0.0, 0.0).growing_ranges() == expected
