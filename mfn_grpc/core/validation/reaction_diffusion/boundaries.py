"""Checks of the edges: insulated walls as mirrors, fixed values as straight lines, and the waves that fit between."""

import math
from functools import partial

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.reaction_diffusion import AxisBoundary, BoundaryCondition, BoundaryKind
from mfn_grpc.core.validation.checks import CheckSpec, Measure, Suite
from mfn_grpc.core.validation.expected import boundaries as expected
from mfn_grpc.core.validation.measuring import differing, random_numbers
from mfn_grpc.core.validation.reaction_diffusion.growth import amplitude, heat
from mfn_grpc.core.validation.reaction_diffusion.invariants import (
    INSULATED,
    NO_FLUX,
    PERIODIC,
    SYMMETRIC,
    after_steps,
    mirrored,
    rough_state,
)

STENCIL = "eigenvectors of the second difference: Strang, SIAM Review 41:135 (1999)"

check = partial(CheckSpec, suite=Suite.REACTION_DIFFUSION, in_quick=True)
factor = partial(
    check,
    unit="1",
    tolerance=1e-14,
    why_this_tolerance="25 steps, each rounding the amplitude by some 1e-16",
    reference=STENCIL,
)


def held(u: float) -> BoundaryCondition:
    """A wall that holds u at a value and v at 0."""
    return BoundaryCondition(BoundaryKind.FIXED, (u, 0.0))


COLD = AxisBoundary(held(0.0), held(0.0))


def _mirror(seed: int) -> Pieces[float]:
    """Values in which a run between insulated walls differs from a quarter of the mirrored run on a torus."""
    found = 0
    for model in SYMMETRIC:
        state = rough_state(model, (18, 25), seed)
        walls = yield from after_steps(model, state, NO_FLUX)
        torus = yield from after_steps(model, mirrored(state), PERIODIC)
        found += differing(torus, mirrored(walls))
    return found


def _line(seed: int) -> Pieces[float]:
    """Largest distance from the straight line between walls held at 1 and 3, after 3000 steps."""
    cells = 12
    line = 1.0 + 2.0 * (np.arange(cells) + 0.5) / cells
    start = random_numbers(seed).uniform(0.0, 4.0, (cells, 7))
    axes = AxisBoundary(held(1.0), held(3.0)), NO_FLUX
    field = yield from heat(start, 3000, 0.2, boundaries=axes)
    return float(np.abs(field - line[:, None]).max())


def _decays(profile: Array, axis: AxisBoundary) -> Measure:
    """Factor by which a wave down the rows falls in 25 steps of dt = 0.2."""

    def measure(_seed: int) -> Pieces[float]:
        shape = np.repeat(profile[:, None], 6, axis=1)
        field = yield from heat(shape, 25, 0.2, boundaries=(axis, PERIODIC))
        return amplitude(field, shape)

    return measure


def _half_cells(phase: float) -> Array:
    return phase * (np.arange(20) + 0.5)


CHECKS = (
    check(
        name="no_flux_mirror",
        description="Values in which a run between insulated walls differs from the mirrored run, all models.",
        measure=_mirror,
        expected=0.0,
        tolerance=0.0,
        unit="values",
        why_this_tolerance="a count of values whose bits differ",
        reference="method of images: no flux crosses a plane of symmetry",
    ),
    check(
        name="fixed_linear_profile",
        description="Largest distance from the straight line that diffusion reaches between walls held at 1 and 3.",
        measure=_line,
        expected=0.0,
        tolerance=1e-13,
        unit="1",
        why_this_tolerance="the slowest wave falls to e^-41 of its start; roundings of values up to 3 remain",
        reference="steady heat conduction: a harmonic function of one variable is linear",
    ),
    factor(
        name="no_flux_wave",
        description="Factor of the third cosine between insulated walls over 25 steps.",
        measure=_decays(np.cos(_half_cells(3 * math.pi / 20)), NO_FLUX),
        expected=expected.NO_FLUX_FACTOR,
    ),
    factor(
        name="fixed_wave",
        description="Factor of the third sine between walls held at 0 over 25 steps.",
        measure=_decays(np.sin(_half_cells(3 * math.pi / 20)), COLD),
        expected=expected.FIXED_FACTOR,
    ),
    factor(
        name="mixed_wave",
        description="Factor of the cosine with 3 1/2 half waves between an insulated wall and one held at 0.",
        measure=_decays(np.cos(_half_cells(3.5 * math.pi / 20)), AxisBoundary(INSULATED, held(0.0))),
        expected=expected.MIXED_FACTOR,
    ),
)
