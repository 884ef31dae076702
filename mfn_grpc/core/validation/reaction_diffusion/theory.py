"""Checks of the stability analysis: what AnalyzeStability reports against theory worked out by hand."""

from collections.abc import Callable
from functools import partial

import numpy as np

from mfn_grpc.core.reaction_diffusion import (
    Brusselator,
    FitzhughNagumo,
    GiererMeinhardt,
    GrayScott,
    Model,
    Mycelium,
    Schnakenberg,
    SimulationSpec,
    Stepper,
    analyze,
    choose_stepper,
)
from mfn_grpc.core.reaction_diffusion.stability import SteadyState, TuringSystem, largest_stable_dt
from mfn_grpc.core.validation.checks import CheckSpec, Suite
from mfn_grpc.core.validation.expected import integration
from mfn_grpc.core.validation.expected import turing as expected
from mfn_grpc.core.validation.measuring import at_once

MURRAY = "Murray, Mathematical Biology II, 3rd ed. (2003), section 2.3"
EDGE = 48
SPIRAL = ((-0.1, 1.0), (-1.0, -0.1))

check = partial(CheckSpec, suite=Suite.REACTION_DIFFUSION, in_quick=True)
closed_form = partial(check, unit="1", tolerance=1e-9, why_this_tolerance="two closed forms, each rounded by 1e-15")
wavelength = partial(
    check,
    unit="length unit",
    tolerance=1e-9,
    why_this_tolerance="two closed forms, each rounded by some 1e-14",
    reference=MURRAY,
)
rate = partial(check, unit="1/time unit", reference=MURRAY)
limit = partial(check, unit="time unit", tolerance=1e-12, why_this_tolerance="a closed form, rounded by 1e-16")


def _state(model: Model, index: int) -> SteadyState:
    return analyze(SimulationSpec(model, shape=(EDGE, EDGE))).steady_states[index]


def _number(value: float | None) -> float:
    """A value of the analysis; None says that the model has none, which is a failure here."""
    if value is None:
        raise ValueError("the analysis gives none")
    return value


def _ratio(model: Model, index: int = 0) -> Callable[[], float]:
    return lambda: _number(_state(model, index).critical_ratio)


def _wavelength(model: Model) -> Callable[[], float]:
    return lambda: _number(_state(model, 0).critical_wavelength)


def _fastest_wavelength() -> float:
    band = _state(Schnakenberg(), 0).continuum
    return _number(None if band is None else band.wavelength)


def _grid_rate(model: Model) -> Callable[[], float]:
    def value() -> float:
        band = _state(model, 0).grid
        return _number(None if band is None else band.growth_rate)

    return value


def _steady_states(feed: float, kill: float) -> Callable[[], float]:
    return lambda: len(GrayScott(feed=feed, kill=kill).steady_states())


def _largest_dt(stepper: Stepper, diffusion: float = 1.0, spacing: tuple[float, float] = (1.0, 1.0)) -> float:
    """Of diffusion alone: without feed and removal Gray-Scott reacts only where v is."""
    model = GrayScott(diffusion_u=diffusion, diffusion_v=0.0, feed=0.0, kill=0.0)
    report = analyze(SimulationSpec(model, shape=(EDGE, EDGE), spacing=spacing, dt=1e-3))
    return next(found.max_dt for found in report.step_limits if found.stepper is stepper)


def _largest_dt_of_kinetics(stepper: Stepper, jacobian: tuple[tuple[float, float], tuple[float, float]]) -> float:
    """Where nothing diffuses."""
    system = TuringSystem(("u", "v"), (0.0, 0.0), ((0.0, 0.0),), (np.array(jacobian),))
    return largest_stable_dt(system, (1.0, 1.0), stepper).max_dt


def _wrong_choices() -> float:
    """Probes just inside and just beyond each limit, and a dt that no state limits, that get another stepper."""
    model = GrayScott(diffusion_u=1.0, diffusion_v=0.0, feed=0.04, kill=0.07)
    limits = integration.STIFF_EULER, integration.STIFF_RK4, integration.STIFF_SEMI_IMPLICIT
    after = dict(zip(Stepper, (*list(Stepper)[1:], Stepper.EULER), strict=True))
    probes: list[tuple[Model, float, Stepper]] = [(GrayScott(feed=0.0, kill=0.0), 1000.0, Stepper.EULER)]
    for stepper, largest in zip(Stepper, limits, strict=True):
        probes += [(model, 0.999 * largest, stepper), (model, 1.001 * largest, after[stepper])]
    chosen = [choose_stepper(SimulationSpec(model, shape=(EDGE, EDGE), dt=dt)).stepper for model, dt, _ in probes]
    return sum(stepper is not wanted for stepper, (_, _, wanted) in zip(chosen, probes, strict=True))


def _largest_semi_implicit_dt() -> float:
    report = analyze(SimulationSpec(Schnakenberg(), shape=(EDGE, EDGE)))
    return next(found.max_dt for found in report.step_limits if found.stepper is Stepper.SEMI_IMPLICIT)


CRITICAL = (
    closed_form(
        name="critical_ratio_schnakenberg",
        description="Ratio Dv/Du above which Schnakenberg with a = 0.1, b = 0.9 is Turing-unstable.",
        measure=at_once(_ratio(Schnakenberg())),
        expected=expected.SCHNAKENBERG.critical_ratio,
        reference=MURRAY,
    ),
    closed_form(
        name="critical_ratio_gierer_meinhardt",
        description="Ratio Dv/Du above which Gierer-Meinhardt with a = 0.1 is Turing-unstable.",
        measure=at_once(_ratio(GiererMeinhardt())),
        expected=expected.GIERER_MEINHARDT.critical_ratio,
        reference=MURRAY,
    ),
    closed_form(
        name="critical_ratio_brusselator",
        description="Ratio Dv/Du above which the Brusselator with A = 2, B = 3 is Turing-unstable: 4 + 2 sqrt 3.",
        measure=at_once(_ratio(Brusselator())),
        expected=expected.BRUSSELATOR_CRITICAL_RATIO,
        reference="Cross & Hohenberg, Rev. Mod. Phys. 65:851 (1993), section VII",
    ),
    closed_form(
        name="critical_ratio_fitzhugh_nagumo",
        description="Ratio Dv/Du above which FitzHugh-Nagumo at its defaults is Turing-unstable: (2 + sqrt 2)^2.",
        measure=at_once(_ratio(FitzhughNagumo())),
        expected=expected.FITZHUGH_NAGUMO_CRITICAL_RATIO,
        reference=f"derived in docs/science.md from the conditions of {MURRAY}",
    ),
    closed_form(
        name="critical_ratio_gray_scott",
        description="Ratio Du/Dv above which the state of Gray-Scott with much v is Turing-unstable, F .06, k .062.",
        measure=at_once(_ratio(GrayScott(feed=0.06, kill=0.062), index=1)),
        expected=expected.GRAY_SCOTT_CRITICAL_RATIO,
        reference=f"derived in docs/science.md from the conditions of {MURRAY}",
    ),
    closed_form(
        name="critical_ratio_mycelium",
        description="Ratio of the mycelium's diffusion numbers above which its pair is Turing-unstable.",
        measure=at_once(_ratio(Mycelium())),
        expected=expected.MYCELIUM_PAIR.critical_ratio,
        reference=f"{MURRAY}; Gierer & Meinhardt, Kybernetik 12:30 (1972)",
    ),
    wavelength(
        name="critical_wavelength_schnakenberg",
        description="Wavelength that neither grows nor decays at the critical ratio of Schnakenberg.",
        measure=at_once(_wavelength(Schnakenberg())),
        expected=expected.SCHNAKENBERG.critical_wavelength,
    ),
    wavelength(
        name="critical_wavelength_gierer_meinhardt",
        description="Wavelength that neither grows nor decays at the critical ratio of Gierer-Meinhardt.",
        measure=at_once(_wavelength(GiererMeinhardt())),
        expected=expected.GIERER_MEINHARDT.critical_wavelength,
    ),
    wavelength(
        name="critical_wavelength_brusselator",
        description="Wavelength that neither grows nor decays at the critical ratio of the Brusselator.",
        measure=at_once(_wavelength(Brusselator())),
        expected=expected.BRUSSELATOR.critical_wavelength,
    ),
    wavelength(
        name="critical_wavelength_fitzhugh_nagumo",
        description="Wavelength that neither grows nor decays at the critical ratio of FitzHugh-Nagumo.",
        measure=at_once(_wavelength(FitzhughNagumo())),
        expected=expected.FITZHUGH_NAGUMO.critical_wavelength,
    ),
)

SPECTRA = (
    check(
        name="fastest_wavelength_schnakenberg",
        description="Wavelength that grows fastest in an unbounded medium, against a search for the maximum.",
        measure=at_once(_fastest_wavelength),
        expected=expected.SCHNAKENBERG.fastest_wavelength,
        tolerance=1e-5,
        unit="length unit",
        why_this_tolerance="the search cannot tell apart rates that differ by 1e-16, which leaves some 1e-8 of k^2",
        reference=MURRAY,
    ),
    rate(
        name="fastest_rate_on_grid_schnakenberg",
        description="The largest growth rate among the modes of a 48 x 48 grid, against eigenvalues mode by mode.",
        measure=at_once(_grid_rate(Schnakenberg())),
        expected=expected.SCHNAKENBERG.fastest_on_grid,
        tolerance=1e-12,
        why_this_tolerance="eigenvalues of 2 x 2 matrices, rounded by 1e-15",
    ),
    rate(
        name="fastest_rate_on_grid_mycelium",
        description="The same for the activator and inhibitor of the mycelium model.",
        measure=at_once(_grid_rate(Mycelium())),
        expected=expected.MYCELIUM_PAIR.fastest_on_grid,
        tolerance=1e-12,
        why_this_tolerance="eigenvalues of 2 x 2 matrices, rounded by 1e-15",
    ),
    check(
        name="turing_margin_mycelium",
        description="Dv fu + Du gv - 2 sqrt(Du Dv det J) of the mycelium's pair at its defaults: unstable above 0.",
        measure=at_once(lambda: _state(Mycelium(), 0).turing_margin),
        expected=expected.MYCELIUM_PAIR.margin,
        tolerance=1e-15,
        unit="1",
        why_this_tolerance="a sum of three terms of 0.002, each rounded by 1e-19; the margin is 6e-4, far above 0",
        reference=MURRAY,
    ),
    check(
        name="gray_scott_states_f037_k060",
        description="Steady states of Gray-Scott at F = .037, k = .060: (1, 0) alone, as F < 4 (F + k)^2.",
        measure=at_once(_steady_states(0.037, 0.060)),
        expected=1.0,
        tolerance=0.0,
        unit="states",
        why_this_tolerance="a count",
        reference="Pearson, Science 261:189 (1993); the quadratic in docs/science.md",
    ),
    check(
        name="gray_scott_states_f029_k057",
        description="Steady states of Gray-Scott at F = .029, k = .057: (1, 0) alone, as F < 4 (F + k)^2.",
        measure=at_once(_steady_states(0.029, 0.057)),
        expected=1.0,
        tolerance=0.0,
        unit="states",
        why_this_tolerance="a count",
        reference="Pearson, Science 261:189 (1993); the quadratic in docs/science.md",
    ),
    check(
        name="gray_scott_states_f0545_k062",
        description="Steady states of Gray-Scott at F = .0545, k = .062: (1, 0) and two with v above 0.",
        measure=at_once(_steady_states(0.0545, 0.062)),
        expected=3.0,
        tolerance=0.0,
        unit="states",
        why_this_tolerance="a count",
        reference="Pearson, Science 261:189 (1993); the quadratic in docs/science.md",
    ),
)

LIMITS = (
    limit(
        name="largest_dt_euler",
        description="Largest stable dt of EULER for diffusion with D = 1 and dx = 1: 1/4.",
        measure=at_once(lambda: _largest_dt(Stepper.EULER)),
        expected=0.25,
        reference="Strikwerda, Finite Difference Schemes, 2nd ed. (2004)",
    ),
    limit(
        name="largest_dt_euler_unlike_spacing",
        description="Largest stable dt of EULER with rows 0.5 and columns 2 apart: 1/2 over D/dy^2 + D/dx^2.",
        measure=at_once(lambda: _largest_dt(Stepper.EULER, spacing=(0.5, 2.0))),
        expected=expected.EULER_LIMIT_UNLIKE_SPACING,
        reference="Strikwerda, Finite Difference Schemes, 2nd ed. (2004)",
    ),
    limit(
        name="largest_dt_rk4",
        description="Largest stable dt of RK4 for diffusion with D = 1 and dx = 1: its reach on the real axis over 8.",
        measure=at_once(lambda: _largest_dt(Stepper.RK4)),
        expected=expected.RK4_LIMIT,
        reference="Hairer & Wanner, Solving Ordinary Differential Equations II (1996), section IV.2",
    ),
    limit(
        name="largest_dt_semi_implicit",
        description="Largest stable dt of SEMI_IMPLICIT for Schnakenberg, set by the reaction: -tr J / det J.",
        measure=at_once(_largest_semi_implicit_dt),
        expected=integration.SEMI_IMPLICIT_LIMIT_SCHNAKENBERG,
        reference="Ascher, Ruuth & Wetton, SIAM J. Numer. Anal. 32:797 (1995)",
    ),
    limit(
        name="largest_dt_euler_spiral",
        description="Largest stable dt of EULER for kinetics that spiral inwards, eigenvalue -0.1 + i: 0.2 / 1.01.",
        measure=at_once(lambda: _largest_dt_of_kinetics(Stepper.EULER, SPIRAL)),
        expected=integration.EULER_LIMIT_SPIRAL,
        reference="Hairer & Wanner, Solving Ordinary Differential Equations II (1996), section IV.2",
    ),
    limit(
        name="largest_dt_rk4_spiral",
        description="Largest stable dt of RK4 for the same kinetics, against a bisection of its polynomial.",
        measure=at_once(lambda: _largest_dt_of_kinetics(Stepper.RK4, SPIRAL)),
        expected=integration.RK4_LIMIT_SPIRAL,
        reference="Hairer & Wanner, Solving Ordinary Differential Equations II (1996), section IV.2",
    ),
    limit(
        name="largest_dt_semi_implicit_flip",
        description="Largest stable dt of SEMI_IMPLICIT for kinetics that decay at the rates 1 and 20: 2 / 20.",
        measure=at_once(lambda: _largest_dt_of_kinetics(Stepper.SEMI_IMPLICIT, ((-20.0, 0.0), (0.0, -1.0)))),
        expected=integration.SEMI_IMPLICIT_LIMIT_FLIP,
        reference="Ascher, Ruuth & Wetton, SIAM J. Numer. Anal. 32:797 (1995)",
    ),
    check(
        name="stepper_choice",
        description="Of 6 dt at the limits of the steppers and one that no state limits, how many get another stepper.",
        measure=at_once(_wrong_choices),
        expected=0.0,
        tolerance=0.0,
        unit="choices",
        why_this_tolerance="a count",
        reference="Hairer & Wanner, Solving Ordinary Differential Equations II (1996), section IV.2",
    ),
)

CHECKS = (*CRITICAL, *SPECTRA, *LIMITS)
