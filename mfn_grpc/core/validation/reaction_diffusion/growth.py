"""Checks of single waves: how fast the simulation lets them grow and decay, against the eigenvalues of the grid."""

import math
from functools import partial
from typing import Any

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.reaction_diffusion import (
    Brusselator,
    FitzhughNagumo,
    GiererMeinhardt,
    GrayScott,
    Model,
    Mycelium,
    Schnakenberg,
    Simulation,
    SimulationSpec,
)
from mfn_grpc.core.reaction_diffusion.models.mycelium import REST_MV
from mfn_grpc.core.validation.checks import CheckSpec, Measure, Suite
from mfn_grpc.core.validation.expected import turing as expected
from mfn_grpc.core.validation.expected.turing import EDGE, HEAT_DT, HEAT_EDGE, HEAT_MODE, Linearised
from mfn_grpc.core.validation.measuring import advance_in_pieces, final_state

MURRAY = "Murray, Mathematical Biology II, 3rd ed. (2003), section 2.3"
STENCIL = "eigenvalues of the five-point Laplacian: Strikwerda, Finite Difference Schemes, 2nd ed. (2004)"

SEED_AMPLITUDE = 1e-7
LEAD_STEPS, GROWTH_STEPS = 50, 1000
"""Roundings excite other modes and the decaying eigenvector dies out, before the growth is measured over a stretch."""

# Heat in u alone: without feed, removal and v nothing reacts.
HEAT = GrayScott(diffusion_u=1.0, diffusion_v=0.5, feed=0.0, kill=0.0)

check = partial(CheckSpec, suite=Suite.REACTION_DIFFUSION)
growth = partial(
    check,
    unit="1/step",
    why_this_tolerance="a millionth of the growth: at an amplitude of 1e-7 the kinetics are linear to 1e-7 and better",
    reference=f"{MURRAY}, with the mode's eigenvalue on the grid",
    in_quick=True,
)


def wave(mode: tuple[int, int], edge: int) -> Array:
    """A cosine with whole numbers of periods down and across a square grid."""
    down, across = mode
    places = np.arange(edge)
    # Whole numbers are reduced before they become angles, so that the wave is periodic to the last bit.
    turns = np.add.outer(down * places, across * places) % edge
    return np.asarray(np.cos(2 * math.pi / edge * turns))


def amplitude(field: Array, shape: Array) -> float:
    """The projection of a field on a wave."""
    return float((field * shape).sum() / (shape * shape).sum())


def _grows(model: Model, case: Linearised) -> Measure:
    """Logarithmic growth per step of a mode seeded at SEED_AMPLITUDE on the steady state."""

    def measure(_seed: int) -> Pieces[float]:
        simulation = Simulation(_seeded(model, case))
        yield from advance_in_pieces(simulation, LEAD_STEPS)
        early = _pair_amplitude(simulation, case)
        yield from advance_in_pieces(simulation, GROWTH_STEPS)
        return math.log(_pair_amplitude(simulation, case) / early) / GROWTH_STEPS

    return measure


def _seeded(model: Model, case: Linearised) -> SimulationSpec:
    steady, direction = np.array(case.steady), case.direction
    pair = steady[:, None, None] + SEED_AMPLITUDE * direction[:, None, None] * wave(case.mode, EDGE)
    if isinstance(model, Mycelium):
        pair = np.concatenate([np.full((1, EDGE, EDGE), REST_MV), pair])
    return SimulationSpec(model, shape=(EDGE, EDGE), dt=case.dt, initial_state=pair)


def _pair_amplitude(simulation: Simulation, case: Linearised) -> float:
    shape = wave(case.mode, EDGE)
    away = (amplitude(field - rest, shape) for field, rest in zip(simulation.state[-2:], case.steady, strict=True))
    return math.hypot(*away)


def heat(u: Array, steps: int, dt: float, **settings: Any) -> Pieces[Array]:
    """The field u after some steps of diffusion."""
    state = np.stack([u, np.zeros_like(u)])
    spec = SimulationSpec(HEAT, shape=u.shape, initial_state=state, dt=dt, **settings)
    final = yield from final_state(spec, steps)
    return np.asarray(final[0])


def _heat_eigenvalue(_seed: int) -> Pieces[float]:
    """From the factor of one step."""
    shape = wave(HEAT_MODE, HEAT_EDGE)
    return (amplitude((yield from heat(shape, 1, HEAT_DT)), shape) - 1) / HEAT_DT


def _heat_amplitude(_seed: int) -> Pieces[float]:
    shape = wave(HEAT_MODE, HEAT_EDGE)
    return amplitude((yield from heat(shape, 100, HEAT_DT)), shape)


def _heat_residue(_seed: int) -> Pieces[float]:
    shape = wave(HEAT_MODE, HEAT_EDGE)
    field = yield from heat(shape, 100, HEAT_DT)
    return float(np.abs(field - amplitude(field, shape) * shape).max())


def _laplacian_order(_seed: int) -> Pieces[float]:
    """How the error of the eigenvalue against the continuum falls from 64 to 128 cells across the same length."""
    errors = []
    for cells in (64, 128):
        spacing = 64 / cells
        shape, dt = wave((3, 5), cells), 0.1 * spacing**2
        field = yield from heat(shape, 1, dt, spacing=(spacing, spacing))
        errors.append((amplitude(field, shape) - 1) / dt - expected.HEAT_EIGENVALUE_CONTINUUM)
    return math.log2(errors[0] / errors[1])


GROWTH = (
    growth(
        name="growth_schnakenberg",
        description="Growth per step of the wave (4, 2) seeded at 1e-7 on Schnakenberg's steady state.",
        measure=_grows(Schnakenberg(), expected.SCHNAKENBERG),
        expected=expected.SCHNAKENBERG.growth_per_step,
        tolerance=1e-6 * expected.SCHNAKENBERG.growth_per_step,
    ),
    growth(
        name="growth_gierer_meinhardt",
        description="Growth per step of the wave (4, 3) seeded at 1e-7 on Gierer-Meinhardt's steady state.",
        measure=_grows(GiererMeinhardt(), expected.GIERER_MEINHARDT),
        expected=expected.GIERER_MEINHARDT.growth_per_step,
        tolerance=1e-6 * expected.GIERER_MEINHARDT.growth_per_step,
    ),
    growth(
        name="growth_brusselator",
        description="Growth per step of the wave (6, 3) seeded at 1e-7 on the Brusselator's steady state.",
        measure=_grows(Brusselator(), expected.BRUSSELATOR),
        expected=expected.BRUSSELATOR.growth_per_step,
        tolerance=1e-6 * expected.BRUSSELATOR.growth_per_step,
    ),
    growth(
        name="growth_fitzhugh_nagumo",
        description="Growth per step of the wave (4, 2) seeded at 1e-7 on FitzHugh-Nagumo's steady state.",
        measure=_grows(FitzhughNagumo(), expected.FITZHUGH_NAGUMO),
        expected=expected.FITZHUGH_NAGUMO.growth_per_step,
        tolerance=1e-6 * expected.FITZHUGH_NAGUMO.growth_per_step,
    ),
    growth(
        name="growth_gray_scott",
        description="Growth per step of the wave (5, 2) seeded at 1e-7 on Gray-Scott's state with much v.",
        measure=_grows(GrayScott(), expected.GRAY_SCOTT),
        expected=expected.GRAY_SCOTT.growth_per_step,
        tolerance=1e-6 * expected.GRAY_SCOTT.growth_per_step,
    ),
    growth(
        name="growth_mycelium",
        description="Growth per step of the wave (4, 2) seeded at 1e-7 on the pair of the mycelium model.",
        measure=_grows(Mycelium(spike_probability=0.0), expected.MYCELIUM_PAIR),
        expected=expected.MYCELIUM_PAIR.growth_per_step,
        tolerance=1e-6 * expected.MYCELIUM_PAIR.growth_per_step,
    ),
)

HEAT_WAVES = (
    check(
        name="heat_eigenvalue_3_5",
        description="Eigenvalue of the discrete Laplacian for the wave (3, 5) on 64 x 64 cells, from one step.",
        measure=_heat_eigenvalue,
        expected=expected.HEAT_EIGENVALUE,
        tolerance=1e-14,
        unit="1",
        why_this_tolerance="an amplitude known to 1e-16 is divided by dt = 0.2; the continuum is 0.005 off",
        reference=STENCIL,
        in_quick=True,
    ),
    check(
        name="heat_amplitude_100_steps",
        description="Amplitude of the wave (3, 5) after 100 steps of dt = 0.2: (1 + dt D mu)^100.",
        measure=_heat_amplitude,
        expected=expected.HEAT_AMPLITUDE_100,
        tolerance=2e-16,
        unit="1",
        why_this_tolerance="100 steps that round by 1e-16 of an amplitude that falls to 0.0013",
        reference=STENCIL,
        in_quick=True,
    ),
    check(
        name="heat_other_waves",
        description="Largest value that is not of the wave (3, 5) after 100 steps: a linear step mixes no waves.",
        measure=_heat_residue,
        expected=0.0,
        tolerance=2e-15,
        unit="1",
        why_this_tolerance="roundings of a field of 1, which diffusion itself wears down",
        reference="linearity and translation invariance of diffusion",
        in_quick=True,
    ),
    check(
        name="laplacian_order",
        description="Order at which the wave's eigenvalue approaches that of the continuum, from 64 to 128 cells.",
        measure=_laplacian_order,
        expected=2.0,
        tolerance=0.01,
        unit="1",
        why_this_tolerance="the next term of the series, (k dx)^2 / 30, is 0.8 % of the first at 64 cells",
        reference="Strikwerda, Finite Difference Schemes, 2nd ed. (2004)",
        in_quick=True,
    ),
)

CHECKS = (*GROWTH, *HEAT_WAVES)
