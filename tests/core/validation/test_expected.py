"""The expected values are those that the literature prints, to the digits that it prints."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import constants, integrate, optimize, stats

from mfn_grpc.core.validation.expected import (
    aggregation,
    boundaries,
    dynamics,
    fractal,
    integration,
    learning,
    mycelium,
    physics,
    turing,
)

# Value, its printed digits, and decimals of them.
PRINTED = {
    "R": (physics.GAS_CONSTANT, 8.31446261815324, 14),
    "F": (physics.FARADAY, 96485.33212331, 8),
    "RT/F 25": (physics.THERMAL_25C_MV, 25.6926, 4),
    "RT/F 37": (physics.THERMAL_37C_MV, 26.7267, 4),
    "decade 25": (physics.DECADE_25C_MV, 59.1593, 4),
    "decade 37": (physics.DECADE_37C_MV, 61.5404, 4),
    "K": (physics.POTASSIUM_37C_MV, -89.06, 2),
    "Na": (physics.SODIUM_37C_MV, 60.63, 2),
    "Ca": (physics.CALCIUM_37C_MV, 132.34, 2),
    "Cl": (physics.CHLORIDE_37C_MV, -64.09, 2),
    "squid K": (physics.SQUID_POTASSIUM_MV, -75.29, 2),
    "squid Na": (physics.SQUID_SODIUM_MV, 54.66, 2),
    "squid rest": (physics.SQUID_REST_MV, -59.62, 2),
    "Schnakenberg ratio": (turing.SCHNAKENBERG.critical_ratio, 8.567627, 6),
    "Schnakenberg wavelength": (turing.SCHNAKENBERG.critical_wavelength, 10.74967, 5),
    "Gierer-Meinhardt ratio": (turing.GIERER_MEINHARDT.critical_ratio, 8.238429, 6),
    "Gierer-Meinhardt wavelength": (turing.GIERER_MEINHARDT.critical_wavelength, 10.64488, 5),
    "Brusselator ratio": (turing.BRUSSELATOR.critical_ratio, 4 + 2 * math.sqrt(3), 9),
    "FitzHugh-Nagumo ratio": (turing.FITZHUGH_NAGUMO.critical_ratio, (2 + math.sqrt(2)) ** 2, 9),
    "heat eigenvalue": (turing.HEAT_EIGENVALUE, -0.322276800, 9),
    "heat eigenvalue, continuum": (turing.HEAT_EIGENVALUE_CONTINUUM, -0.327701709, 9),
    "mycelium wave": (mycelium.WAVE_FACTOR, 1 - 0.02 - 0.18 * 0.322276800, 9),
    "mycelium raised": (mycelium.RAISED_MV, -69.0, 15),
    "RK4 limit": (turing.RK4_LIMIT, 0.348162, 6),
    "triangle": (fractal.SIERPINSKI_TRIANGLE, 1.5849625, 7),
    "carpet": (fractal.SIERPINSKI_CARPET, 1.8927893, 7),
    "Vicsek": (fractal.VICSEK, 1.4649735, 7),
    "Koch": (fractal.KOCH, 1.2618595, 7),
    "dust": (fractal.CANTOR_DUST, 1.2618595, 7),
    "Henon": (dynamics.HENON, 0.4192, 4),
    "Lorenz": (dynamics.LORENZ, 0.9056, 4),
    "Henon sum": (dynamics.HENON_SUM, -1.2040, 4),
    "Lorenz sum": (dynamics.LORENZ_SUM, -13.6667, 4),
    "kappa of the trimmed mean": (aggregation.KAPPA_TRIMMED, 2 + 2 / 3, 9),
    "kappa of the geometric median": (aggregation.KAPPA_GEOMETRIC, 64 / 9, 9),
    "kappa behind mixing": (aggregation.KAPPA_DEFAULT, 22 / 3, 9),
}


@pytest.mark.parametrize("name", PRINTED)
def test_an_expected_value_has_the_printed_digits(name: str) -> None:
    value, printed, decimals = PRINTED[name]
    # Half a unit of the last digit, and roundoff.
    assert value == pytest.approx(printed, rel=1e-14, abs=0.5 * 10.0**-decimals)


def test_the_constants_are_those_of_scipy() -> None:
    assert pytest.approx(constants.R, rel=1e-15) == physics.GAS_CONSTANT
    assert constants.physical_constants["Faraday constant"][0] == pytest.approx(physics.FARADAY, rel=1e-9)


def test_the_goldman_potential_with_calcium_is_the_root_that_scipy_finds() -> None:
    ions = ((1, 1, 5, 140), (1, 0.05, 145, 15), (-1, 0.3, 110, 10), (2, 2, 2, 1e-4))

    def flow(x: float) -> float:
        return sum(p * z * z * x * (i - o * math.exp(-z * x)) / -math.expm1(-z * x) for z, p, o, i in ions)

    root = optimize.brentq(flow, -5, -0.1, xtol=1e-15)
    assert root * physics.THERMAL_37C_MV == pytest.approx(physics.WITH_CALCIUM_MV, rel=1e-12)


@pytest.mark.parametrize(("feed", "kill"), [(0.0545, 0.062), (0.06, 0.062)])
def test_the_special_formula_of_gray_scott_is_the_general_one(feed: float, kill: float) -> None:
    general = turing.gray_scott(feed, kill, (1, 1)).critical_ratio
    # The difference v^2 - F loses five digits.
    assert turing.gray_scott_critical_ratio(feed, kill) == pytest.approx(general, rel=1e-9)


CASES = {
    "schnakenberg": turing.SCHNAKENBERG,
    "gierer_meinhardt": turing.GIERER_MEINHARDT,
    "brusselator": turing.BRUSSELATOR,
    "fitzhugh_nagumo": turing.FITZHUGH_NAGUMO,
    "gray_scott": turing.GRAY_SCOTT,
    "mycelium": turing.MYCELIUM_PAIR,
}
RATES: dict[str, Callable[[Any, Any], tuple[Any, Any]]] = {
    "schnakenberg": lambda u, v: (0.1 - u + u * u * v, 0.9 - u * u * v),
    "gierer_meinhardt": lambda u, v: (0.1 - u + u * u / v, u * u - v),
    "brusselator": lambda u, v: (2 - 4 * u + u * u * v, 3 * u - u * u * v),
    "fitzhugh_nagumo": lambda u, v: (u - u * u * u / 3 - v, (u - 0.5 * v) / 0.25),
    "gray_scott": lambda u, v: (-u * v * v + 0.0545 * (1 - u), u * v * v - 0.1165 * v),
    "mycelium": lambda u, v: (0.01 * (0.1 - u + u * u / v), 0.01 * (u * u - v)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_steady_states_and_jacobians_by_hand_are_those_of_the_printed_rates(name: str) -> None:
    case, rates = CASES[name], RATES[name]
    assert np.abs(rates(*case.steady)).max() < 1e-15
    step = 1e-30j
    columns = [
        [rate.imag / 1e-30 for rate in rates(case.steady[0] + a, case.steady[1] + b)] for a, b in ((step, 0), (0, step))
    ]
    assert pytest.approx(np.array(case.jacobian), rel=1e-13) == np.array(columns).T


@pytest.mark.parametrize("name", CASES)
def test_the_chosen_wave_grows_by_one_real_eigenvalue(name: str) -> None:
    case = CASES[name]
    values = np.linalg.eigvals(case.matrix(turing.grid_eigenvalue(case.mode, turing.EDGE)))
    assert np.isreal(values).all()
    assert values.max() > 0 > values.min()


@pytest.mark.parametrize("name", [name for name in CASES if name != "gray_scott"])
def test_at_the_critical_ratio_the_critical_wave_neither_grows_nor_decays(name: str) -> None:
    case = CASES[name]
    diffusion = np.array([case.diffusion[0], case.diffusion[0] * case.critical_ratio])
    mu = (2 * math.pi / case.critical_wavelength) ** 2
    values = np.linalg.eigvals(np.array(case.jacobian) - mu * np.diag(diffusion))
    assert values.real.max() == pytest.approx(0, abs=1e-7 * abs(values.real.min()))


@pytest.mark.parametrize("name", [name for name in CASES if name != "mycelium"])
def test_the_plain_loop_ends_where_an_eighth_order_integrator_does(name: str) -> None:
    exact = integrate.solve_ivp(
        lambda _, y: RATES[name](*y), (0, 1), integration.START, method="DOP853", rtol=1e-13, atol=1e-14
    ).y[0, -1]
    assert getattr(integration, f"UNIFORM_{name.upper()}") == pytest.approx(exact, abs=1e-11)


def test_the_cascade_meets_its_limit_at_order_one() -> None:
    near = fractal.cascade_dimension(fractal.BINOMIAL, 1 + 1e-6)
    assert pytest.approx(near, abs=1e-6) == fractal.BINOMIAL_1
    assert fractal.BINOMIAL_0 == 1.0


def test_the_trains_are_the_sums_of_their_pairs() -> None:
    pairs = sum(0.01 * math.exp(-10 * n / 20) for n in range(1, 41))
    assert pytest.approx(pairs, rel=1e-14) == learning.TRAIN_CHANGE
    assert pytest.approx(-1.2 * pairs, rel=1e-14) == learning.MIRRORED_TRAIN_CHANGE


def test_the_wave_between_walls_is_an_eigenvector_of_the_second_difference() -> None:
    for profile, ends, factor in (
        (np.cos(3 * math.pi / 20 * (np.arange(20) + 0.5)), (1, 1), boundaries.NO_FLUX_FACTOR),
        (np.sin(3 * math.pi / 20 * (np.arange(20) + 0.5)), (-1, -1), boundaries.FIXED_FACTOR),
        (np.cos(3.5 * math.pi / 20 * (np.arange(20) + 0.5)), (1, -1), boundaries.MIXED_FACTOR),
    ):
        field = profile
        for _ in range(25):
            padded = np.concatenate([[ends[0] * field[0]], field, [ends[1] * field[-1]]])
            field = field + 0.2 * (padded[:-2] - 2 * field + padded[2:])
        assert field == pytest.approx(factor * profile, abs=1e-14)


def test_the_squares_left_are_those_that_a_share_of_29_drops_at_each_side() -> None:
    # scipy rounds down in binary: a little more than 0.29 drops 29.
    assert stats.trim_mean(aggregation.SQUARES, 0.295) == pytest.approx(aggregation.TRIMMED_SQUARES, rel=1e-14)


def test_no_point_is_nearer_to_the_corners_than_where_the_diagonals_cross() -> None:
    corners = np.array(aggregation.CORNERS)

    def summed(point: Any) -> float:
        return float(np.linalg.norm(corners - point, axis=1).sum())

    found = optimize.minimize(summed, (6.0, 6.0), tol=1e-14)
    # A minimum is known to the root of the precision of its value.
    assert found.x == pytest.approx(np.array(aggregation.CROSSING), abs=1e-6)


def test_the_model_after_its_steps_is_that_of_a_loop() -> None:
    model = velocity = 0.0
    for _ in range(aggregation.STEPS):
        velocity = aggregation.MOMENTUM * velocity + 1
        model += aggregation.STEP * velocity
    assert model == pytest.approx(aggregation.MODEL_AFTER_STEPS, rel=1e-13)


def test_bulyan_and_the_narrowest_mean_by_hand() -> None:
    # Picked in turn: 4, 3, 1, 5, 0. Nearest to their median 3 lie 3, 4 and, of 1 and 5, the first.
    assert pytest.approx(8 / 3, rel=1e-14) == aggregation.BULYAN_SCALARS
    # 0, 1, 3, 4, 5 and 1, 3, 4, 5, 6 both span 5: the first counts.
    assert pytest.approx(13 / 5, rel=1e-14) == aggregation.NARROWEST_SCALARS
