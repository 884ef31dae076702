"""Checks of the steppers: amplification of waves, orders of convergence, and solutions of the kinetics alone."""

import math
from dataclasses import replace
from functools import partial

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.reaction_diffusion import (
    AxisBoundary,
    Brusselator,
    FitzhughNagumo,
    GiererMeinhardt,
    GrayScott,
    Schnakenberg,
    SimulationSpec,
    Stepper,
    TwoSpeciesModel,
    simulate_reference,
)
from mfn_grpc.core.validation.checks import CheckSpec, Measure, Suite
from mfn_grpc.core.validation.expected import integration as expected
from mfn_grpc.core.validation.expected.turing import HEAT_EDGE, HEAT_MODE
from mfn_grpc.core.validation.measuring import final_state, random_numbers
from mfn_grpc.core.validation.reaction_diffusion.growth import amplitude, heat, wave
from mfn_grpc.core.validation.reaction_diffusion.invariants import NO_FLUX, PERIODIC

HAIRER = "Hairer, Norsett & Wanner, Solving Ordinary Differential Equations I (1993), section II.1"
ASCHER = "Ascher, Ruuth & Wetton, SIAM J. Numer. Anal. 32:797 (1995)"

check = partial(CheckSpec, suite=Suite.REACTION_DIFFUSION, in_quick=True)
factor = partial(
    check, unit="1", tolerance=1e-14, why_this_tolerance="one step rounds the amplitude a few times by 1e-16"
)
order = partial(check, unit="1")
uniform = partial(
    check,
    unit="1",
    tolerance=1e-8,
    why_this_tolerance="RK4 with dt = 0.01 leaves some 1e-10; a coefficient off by a millionth leaves 1e-7",
    reference=f"the model's printed rates, by a plain loop of Runge-Kutta with dt = 0.001; {HAIRER}",
)


def _factor(stepper: Stepper, dt: float) -> Measure:
    """What one step multiplies the wave (3, 5) by."""

    def measure(_seed: int) -> Pieces[float]:
        shape = wave(HEAT_MODE, HEAT_EDGE)
        return amplitude((yield from heat(shape, 1, dt, stepper=stepper)), shape)

    return measure


def _no_flux_factor(_seed: int) -> Pieces[float]:
    down, across = (np.cos(math.pi * halves / 64 * (np.arange(64) + 0.5)) for halves in (3, 5))
    shape, axes = np.outer(down, across), (NO_FLUX, NO_FLUX)
    field = yield from heat(shape, 1, expected.SEMI_IMPLICIT_DT, boundaries=axes, stepper=Stepper.SEMI_IMPLICIT)
    return amplitude(field, shape)


def _order(stepper: Stepper, dt: float) -> Measure:
    """log2 of how the distance between runs with dt, dt/2 and dt/4 falls; Schnakenberg, a smooth start, a time of 2."""

    def measure(_seed: int) -> Pieces[float]:
        model = Schnakenberg(diffusion_u=0.02, diffusion_v=0.2)
        start = np.array([1.0, 0.9])[:, None, None] + 0.3 * np.stack([wave((1, 0), 16), wave((1, 1), 16)])
        finals = []
        for halvings in range(3):
            step = dt / 2**halvings
            spec = SimulationSpec(model, shape=(16, 16), dt=step, stepper=stepper, initial_state=start)
            final = yield from final_state(spec, round(2 / step))
            finals.append(final.copy())
        coarse, middle, fine = finals
        return math.log2(float(np.abs(coarse - middle).max() / np.abs(middle - fine).max()))

    return measure


def _uniform(model: TwoSpeciesModel) -> Measure:
    """The field u after a time of 1, from the same two values in every cell."""

    def measure(_seed: int) -> Pieces[float]:
        start = np.broadcast_to(np.array(expected.START)[:, None, None], (2, 4, 4)).copy()
        spec = SimulationSpec(model, shape=(4, 4), dt=0.01, stepper=Stepper.RK4, initial_state=start)
        final = yield from final_state(spec, round(expected.TIME / 0.01))
        return float(final[0, 1, 2])

    return measure


def _semi_implicit_against_reference(seed: int) -> Pieces[float]:
    """Largest distance over walls and precisions of float64, of 20 steps from whole-field transforms."""
    largest = 0.0
    start = random_numbers(seed).uniform(0.2, 0.6, (2, 24, 31))
    for axes in ((PERIODIC, PERIODIC), (NO_FLUX, PERIODIC), (PERIODIC, NO_FLUX), (NO_FLUX, NO_FLUX)):
        spec = _semi_implicit(axes, start)
        kernels = yield from final_state(spec, 20)
        largest = max(largest, float(np.abs(kernels - simulate_reference(spec, 20)).max()))
    return largest


def _semi_implicit(axes: tuple[AxisBoundary, AxisBoundary], start: Array) -> SimulationSpec:
    spec = SimulationSpec(Schnakenberg(), shape=(24, 31), dt=0.05, boundaries=axes, initial_state=start)
    return replace(spec, stepper=Stepper.SEMI_IMPLICIT)


CHECKS = (
    factor(
        name="rk4_heat_factor",
        description="What one step of RK4 with dt = 0.3 multiplies the wave (3, 5) by: 1 + z + z^2/2 + z^3/6 + z^4/24.",
        measure=_factor(Stepper.RK4, expected.RK4_DT),
        expected=expected.RK4_HEAT_FACTOR,
        reference=HAIRER,
    ),
    factor(
        name="semi_implicit_heat_factor",
        description="What one SEMI_IMPLICIT step with dt = 5 multiplies the wave (3, 5) by: 1 / (1 + dt D mu).",
        measure=_factor(Stepper.SEMI_IMPLICIT, expected.SEMI_IMPLICIT_DT),
        expected=expected.SEMI_IMPLICIT_HEAT_FACTOR,
        reference=ASCHER,
    ),
    factor(
        name="semi_implicit_no_flux_factor",
        description="The same for a cosine between insulated walls, which the cosine transform diagonalises.",
        measure=_no_flux_factor,
        expected=expected.SEMI_IMPLICIT_NO_FLUX_FACTOR,
        reference=f"{ASCHER}; Strang, SIAM Review 41:135 (1999)",
    ),
    order(
        name="order_euler",
        description="Order of convergence of EULER on a Schnakenberg field, from dt = 0.02, 0.01 and 0.005.",
        measure=_order(Stepper.EULER, 0.02),
        expected=1.0,
        tolerance=0.05,
        why_this_tolerance="the next power of dt adds some per cent at these steps",
        reference=HAIRER,
    ),
    order(
        name="order_rk4",
        description="Order of convergence of RK4 on a Schnakenberg field, from dt = 0.1, 0.05 and 0.025.",
        measure=_order(Stepper.RK4, 0.1),
        expected=4.0,
        tolerance=0.2,
        why_this_tolerance="the next power of dt adds some per cent at these steps",
        reference=HAIRER,
    ),
    order(
        name="order_semi_implicit",
        description="Order of convergence of SEMI_IMPLICIT on a Schnakenberg field, from dt = 0.02, 0.01 and 0.005.",
        measure=_order(Stepper.SEMI_IMPLICIT, 0.02),
        expected=1.0,
        tolerance=0.05,
        why_this_tolerance="the next power of dt adds some per cent at these steps",
        reference=ASCHER,
    ),
    uniform(
        name="kinetics_schnakenberg",
        description="The field u of Schnakenberg after a time of 1 from (0.8, 1.2) everywhere, by RK4.",
        measure=_uniform(Schnakenberg()),
        expected=expected.UNIFORM_SCHNAKENBERG,
    ),
    uniform(
        name="kinetics_gierer_meinhardt",
        description="The field u of Gierer-Meinhardt after a time of 1 from (0.8, 1.2) everywhere, by RK4.",
        measure=_uniform(GiererMeinhardt()),
        expected=expected.UNIFORM_GIERER_MEINHARDT,
    ),
    uniform(
        name="kinetics_brusselator",
        description="The field u of the Brusselator after a time of 1 from (0.8, 1.2) everywhere, by RK4.",
        measure=_uniform(Brusselator()),
        expected=expected.UNIFORM_BRUSSELATOR,
    ),
    uniform(
        name="kinetics_fitzhugh_nagumo",
        description="The field u of FitzHugh-Nagumo after a time of 1 from (0.8, 1.2) everywhere, by RK4.",
        measure=_uniform(FitzhughNagumo()),
        expected=expected.UNIFORM_FITZHUGH_NAGUMO,
    ),
    uniform(
        name="kinetics_gray_scott",
        description="The field u of Gray-Scott after a time of 1 from (0.8, 1.2) everywhere, by RK4.",
        measure=_uniform(GrayScott()),
        expected=expected.UNIFORM_GRAY_SCOTT,
    ),
    check(
        name="semi_implicit_equals_reference",
        description="Largest distance of 20 blocked SEMI_IMPLICIT steps from whole-field transforms, all boundaries.",
        measure=_semi_implicit_against_reference,
        expected=0.0,
        tolerance=1e-12,
        unit="1",
        why_this_tolerance="transforms of fields of order 1 round by some 1e-15 a step; bits may differ by blocking",
        reference="the same linear maps, done line by line and all at once",
    ),
)
