import math
from collections.abc import Callable
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from numpy.typing import NDArray

from mfn_grpc.core.reaction_diffusion.stability import (
    StabilityReport,
    Stepper,
    TuringSystem,
    analyze,
    continuum_band,
    dispersion,
    grid_band,
    largest_stable_dt,
)

Kinetics = Callable[[complex, complex], tuple[complex, complex]]


def schnakenberg(u: complex, v: complex) -> tuple[complex, complex]:
    return 0.1 - u + u * u * v, 0.9 - u * u * v


def gierer_meinhardt(u: complex, v: complex) -> tuple[complex, complex]:
    return 0.1 - u + u * u / v, u * u - v


def brusselator(u: complex, v: complex) -> tuple[complex, complex]:
    return 2 - 4 * u + u * u * v, 3 * u - u * u * v


def jacobian(kinetics: Kinetics, u: float, v: float) -> NDArray[np.float64]:
    """Complex-step derivative: exact to roundoff, no difference is taken."""
    step = 1e-30
    columns = kinetics(complex(u, step), v), kinetics(u, complex(v, step))
    return np.array([[rate.imag / step for rate in column] for column in columns]).T


def system(kinetics: Kinetics, state: tuple[float, float], diffusion: tuple[float, float]) -> TuringSystem:
    assert kinetics(*state) == pytest.approx((0, 0), abs=1e-15)
    return TuringSystem(("u", "v"), diffusion, (state,), (jacobian(kinetics, *state),))


def report(of: TuringSystem, dt: float = 0.01, stepper: Stepper = Stepper.EULER, **grid: object) -> StabilityReport:
    setting = {"shape": (32, 48), "spacing": (1.0, 0.5), "boundary_kinds": ("periodic", "no_flux")} | grid
    return analyze(of, dt=dt, stepper=stepper, **setting)  # type: ignore[arg-type] # settings of three kinds


SCHNAKENBERG = system(schnakenberg, (1.0, 0.9), (1.0, 10.0))


@pytest.mark.parametrize(
    ("kinetics", "state", "ratio", "wavelength"),
    [
        (schnakenberg, (1.0, 0.9), 8.567627, 10.74967),
        (gierer_meinhardt, (1.1, 1.21), 8.238429, 10.64488),
        (brusselator, (2.0, 1.5), 4 + 2 * math.sqrt(3), 2 * math.pi * (math.sqrt(4 + 2 * math.sqrt(3)) / 2) ** 0.5),
    ],
)
def test_critical_ratios_and_wavelengths_are_those_of_the_literature(
    kinetics: Kinetics, state: tuple[float, float], ratio: float, wavelength: float
) -> None:
    (found,) = report(system(kinetics, state, (1.0, 1.0))).steady_states
    assert found.critical_ratio == pytest.approx(ratio, rel=1e-7)
    assert found.critical_wavelength == pytest.approx(wavelength, rel=1e-6)
    assert found.stable_without_diffusion
    assert not found.turing_unstable
    for factor, unstable in ((1 - 1e-6, False), (1 + 1e-6, True)):
        (near,) = report(system(kinetics, state, (1.0, ratio * factor))).steady_states
        assert near.turing_unstable is unstable


def test_the_report_repeats_the_system_and_the_question() -> None:
    answer = report(SCHNAKENBERG, dt=0.004)
    (state,) = answer.steady_states
    assert answer.species == ("u", "v")
    assert answer.dt == 0.004
    assert state.values == (1.0, 0.9)
    # d(a - u + u^2 v) and d(b - u^2 v) at (1, .9).
    assert state.jacobian == pytest.approx((0.8, 1.0, -1.8, -1.0), rel=1e-15)
    assert state.turing_margin == pytest.approx(10 * 0.8 - 1 - 2 * math.sqrt(10), rel=1e-14)


def test_the_bands_are_those_of_the_steady_state() -> None:
    relation = dispersion(SCHNAKENBERG.jacobians[0], SCHNAKENBERG.diffusion)
    (state,) = report(SCHNAKENBERG).steady_states
    assert state.continuum == continuum_band(relation)
    assert state.grid == grid_band(relation, (32, 48), (1.0, 0.5), ("periodic", "no_flux"))
    assert state.continuum is not None
    assert state.grid is not None


@pytest.mark.parametrize("kinds", [("fixed", "periodic"), ("no_flux", "fixed"), ("fixed", "fixed")])
def test_a_fixed_axis_leaves_the_continuum_band_only(kinds: tuple[str, str]) -> None:
    (state,) = report(SCHNAKENBERG, boundary_kinds=kinds).steady_states
    assert state.grid is None
    assert state.continuum is not None


def test_a_grid_too_small_for_the_pattern_has_no_band() -> None:
    (state,) = report(SCHNAKENBERG, shape=(4, 4), spacing=(1.0, 1.0)).steady_states
    assert state.turing_unstable
    assert state.grid is None


def test_every_stepper_has_its_limit() -> None:
    limits = report(SCHNAKENBERG).step_limits
    assert [limit.stepper for limit in limits] == [Stepper.EULER, Stepper.RK4, Stepper.SEMI_IMPLICIT]
    assert limits == tuple(largest_stable_dt(SCHNAKENBERG, (1.0, 0.5), stepper) for stepper in Stepper)


@pytest.mark.parametrize("stepper", list(Stepper))
def test_dt_is_judged_by_the_limit_of_its_own_stepper(stepper: Stepper) -> None:
    limit = largest_stable_dt(SCHNAKENBERG, (1.0, 0.5), stepper).max_dt
    assert report(SCHNAKENBERG, limit, stepper).dt_is_stable
    assert not report(SCHNAKENBERG, math.nextafter(limit, math.inf), stepper).dt_is_stable


def test_a_system_without_steady_states_has_limits_still() -> None:
    answer = report(TuringSystem(("a", "h"), (0.25, 0.1), (), ()), dt=1.0, spacing=(1.0, 1.0))
    assert answer.steady_states == ()
    assert answer.step_limits[0].max_dt == 1.0
    assert answer.dt_is_stable


def test_a_saddle_has_no_turing_margin() -> None:
    saddle = TuringSystem(("u", "v"), (1.0, 1.0), ((0.0, 0.0),), (np.array([[1.0, 0.0], [0.0, -2.0]]),))
    (state,) = report(saddle).steady_states
    assert math.isnan(state.turing_margin)
    assert not state.stable_without_diffusion
    assert not state.turing_unstable
    assert state.critical_ratio is None
    assert state.critical_wavelength is None


def test_reports_cannot_be_changed() -> None:
    answer = report(SCHNAKENBERG)
    with pytest.raises(FrozenInstanceError):
        answer.dt = 1.0  # type: ignore[misc] # the fault under test
