"""Checks of Lyapunov exponents: of maps, flows, function systems and fields."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.dynamics import (
    HENON,
    LOGISTIC,
    LORENZ,
    LyapunovExponents,
    field_exponents,
    flow_exponents,
    ifs_exponents,
    map_exponents,
)
from mfn_grpc.core.fractals import SIERPINSKI_TRIANGLE, IteratedFunctionSystem
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.randomness import Stream, generator
from mfn_grpc.core.reaction_diffusion import GrayScott, Schnakenberg, SimulationSpec
from mfn_grpc.core.validation.checks import CheckSpec, Measure, Suite
from mfn_grpc.core.validation.expected import dynamics as expected
from mfn_grpc.core.validation.expected.turing import SCHNAKENBERG
from mfn_grpc.core.validation.measuring import final_state, random_numbers

BENETTIN = "Benettin, Galgani, Giorgilli & Strelcyn, Meccanica 15:9 (1980)"
SPROTT = "Sprott, Chaos and Time-Series Analysis (2003), appendix A"

FIELD_STEPS = 400


def _stretching(across: float, down: float) -> IteratedFunctionSystem:
    matrices = np.array([np.diag([across, down])] * 2)
    return IteratedFunctionSystem(matrices, np.array([[0.0, 0.0], [0.4, 0.7]]), np.array([0.5, 0.5]))


SIMILARITIES = IteratedFunctionSystem(
    np.array(expected.RATIOS)[:, None, None] * np.eye(2), np.zeros((3, 2)), np.array(expected.PROBABILITIES)
)

check = partial(CheckSpec, suite=Suite.DYNAMICS)
exponent = partial(check, unit="1/step")
closed_form = partial(
    exponent,
    tolerance=1e-9,
    why_this_tolerance="equal tangent maps at every step: what is left is roundoff and the last of the transient",
    in_quick=True,
)


def _per_step(
    exponents: Callable[[], Pieces[LyapunovExponents]], combine: Callable[[Sequence[float]], float]
) -> Measure:
    """Something of the exponents per step, largest first."""

    def measure(_seed: int) -> Pieces[float]:
        return combine((yield from exponents()).per_step)

    return measure


def _leading(values: Sequence[float]) -> float:
    return values[0]


def _second(values: Sequence[float]) -> float:
    return values[1]


def _logistic() -> Pieces[LyapunovExponents]:
    return map_exponents(LOGISTIC, steps=500_000)


def _henon() -> Pieces[LyapunovExponents]:
    return map_exponents(HENON, steps=2_000_000)


def _lorenz(combine: Callable[[Sequence[float]], float]) -> Measure:
    """Per time unit."""

    def measure(_seed: int) -> Pieces[float]:
        return combine((yield from flow_exponents(LORENZ, dt=0.005, steps=1_000_000)).per_time)

    return measure


def _sierpinski() -> Pieces[LyapunovExponents]:
    return ifs_exponents(SIERPINSKI_TRIANGLE, steps=10_000)


def _stretched(across: float, down: float) -> Callable[[], Pieces[LyapunovExponents]]:
    return lambda: ifs_exponents(_stretching(across, down), steps=10_000)


def _similar(seed: int) -> Pieces[float]:
    return (yield from ifs_exponents(SIMILARITIES, steps=expected.DRAWS, seed=seed)).per_step[0]


def _level(values: tuple[float, float], edge: int) -> Array:
    return np.broadcast_to(np.array(values)[:, None, None], (2, edge, edge)).copy()


def _resting_field() -> Pieces[LyapunovExponents]:
    """Gray-Scott at (1, 0), where its linearised system is diagonal."""
    spec = SimulationSpec(GrayScott(), shape=(8, 8), initial_state=_level((1.0, 0.0), 8))
    return field_exponents(spec, 2, steps=200, transient=300)


def _growth_of_difference(spec: SimulationSpec, start: Array, direction: Array, steps: int) -> Pieces[float]:
    """Growth per step of the distance of two runs that begin a little to either side of a state."""
    reach, ends = 1e-5, []
    for side in (reach, -reach):
        moved = replace(spec, initial_state=start + side * direction)
        ends.append((yield from final_state(moved, steps)))
    return math.log(float(np.linalg.norm(ends[0] - ends[1])) / (2 * reach)) / steps


def _varying_field(seed: int) -> Pieces[float]:
    """Schnakenberg on the way from a rough state to its pattern: how far the exponent is from the distance's growth."""
    edge = 16
    rough = 1 + 0.3 * random_numbers(seed).uniform(-1, 1, (2, edge, edge))
    start = _level(SCHNAKENBERG.steady, edge) * rough
    spec = SimulationSpec(Schnakenberg(), shape=(edge, edge), initial_state=start, seed=seed)
    direction = generator(seed, Stream.PERTURBATIONS).standard_normal(spec.state_shape)
    apart = yield from _growth_of_difference(spec, start, direction / np.linalg.norm(direction), FIELD_STEPS)
    found = yield from field_exponents(spec, 1, steps=FIELD_STEPS, transient=0)
    return found.per_step[0] - apart


def _turing_field(_seed: int) -> Pieces[float]:
    """Schnakenberg held at its steady state: equal cells stay equal to the bit, whatever grows beside them."""
    edge = expected.FIELD_EDGE
    spec = SimulationSpec(Schnakenberg(), shape=(edge, edge), initial_state=_level(SCHNAKENBERG.steady, edge))
    return (yield from field_exponents(spec, 1, steps=500, transient=7_000)).per_step[0]


MAPS = (
    exponent(
        name="lyapunov_logistic",
        description="Exponent of the logistic map at r = 4 from tangent vectors: ln 2.",
        measure=_per_step(_logistic, _leading),
        expected=expected.LOGISTIC,
        tolerance=1e-4,
        why_this_tolerance="over 500000 steps the sum is off by a few units, however long it is",
        reference="conjugate to the tent map: Ulam & von Neumann, Bull. AMS 53:1120 (1947)",
        in_quick=True,
    ),
    exponent(
        name="lyapunov_henon",
        description="Leading exponent of the Henon map at a = 1.4, b = 0.3.",
        measure=_per_step(_henon, _leading),
        expected=expected.HENON,
        tolerance=0.0015,
        why_this_tolerance="6 standard errors of 2000000 steps, 0.00023 each",
        reference=SPROTT,
    ),
    exponent(
        name="lyapunov_henon_sum",
        description="Sum of both exponents of the Henon map, whose Jacobian has the determinant -b everywhere: ln b.",
        measure=_per_step(_henon, sum),
        expected=expected.HENON_SUM,
        tolerance=1e-11,
        why_this_tolerance="roundoff of 2000000 logarithms, which the mean wears down",
        reference=BENETTIN,
    ),
    check(
        name="lyapunov_lorenz",
        description="Leading exponent of the Lorenz flow at sigma = 10, rho = 28, beta = 8/3, per time unit.",
        measure=_lorenz(_leading),
        expected=expected.LORENZ,
        tolerance=0.01,
        unit="1/time unit",
        why_this_tolerance="5 standard errors of a time of 5000, 0.0019 each",
        reference=SPROTT,
    ),
    check(
        name="lyapunov_lorenz_sum",
        description="Sum of the three exponents of the Lorenz flow, the divergence of its field: -(sigma + 1 + beta).",
        measure=_lorenz(sum),
        expected=expected.LORENZ_SUM,
        tolerance=1e-4,
        unit="1/time unit",
        why_this_tolerance="Runge-Kutta with dt = 0.005 contracts volumes to some 1e-5 as fast",
        reference="Lorenz, J. Atmos. Sci. 20:130 (1963)",
    ),
    closed_form(
        name="lyapunov_sierpinski",
        description="Leading exponent of the Sierpinski triangle's maps: -ln 2, not the -2 ln 2 of ln|det|.",
        measure=_per_step(_sierpinski, _leading),
        expected=expected.SIERPINSKI,
        reference="every map halves every vector",
    ),
    closed_form(
        name="lyapunov_sierpinski_sum",
        description="Sum of both exponents of the Sierpinski triangle's maps: the mean of ln|det|, -2 ln 2.",
        measure=_per_step(_sierpinski, sum),
        expected=expected.SIERPINSKI_SUM,
        reference="every map quarters every area",
    ),
    closed_form(
        name="lyapunov_stretched",
        description="Second exponent of maps that shrink one axis to 0.6 and the other to 0.3: ln 0.3.",
        measure=_per_step(_stretched(0.6, 0.3), _second),
        expected=expected.STRETCHED[1],
        reference="diagonal matrices commute",
    ),
    closed_form(
        name="lyapunov_stretched_other_axis",
        description="Leading exponent of maps that shrink one axis to 0.3 and the other to 0.6: ln 0.6 all the same.",
        measure=_per_step(_stretched(0.3, 0.6), _leading),
        expected=expected.STRETCHED[0],
        reference="diagonal matrices commute",
    ),
    exponent(
        name="lyapunov_unequal_probabilities",
        description="Exponent of similarities drawn with unlike probabilities: the sum of p ln r over the maps.",
        measure=_similar,
        expected=expected.SIMILARITIES,
        tolerance=6 * expected.SIMILARITIES_ERROR,
        why_this_tolerance="6 standard errors of the mean of 400000 draws; equal probabilities are off by 0.67",
        reference="law of large numbers: Furstenberg & Kesten, Ann. Math. Stat. 31:457 (1960)",
        in_quick=True,
    ),
)

FIELDS = (
    closed_form(
        name="lyapunov_field_leading",
        description="Leading exponent of the Gray-Scott field at (1, 0): u decays by F, ln(1 - F) a step.",
        measure=_per_step(_resting_field, _leading),
        expected=expected.FIELD_RESTING[0],
        reference="linearisation at (1, 0), which is diagonal in u, v and the waves",
    ),
    closed_form(
        name="lyapunov_field_second",
        description="Second exponent of the Gray-Scott field at (1, 0): v decays by F + k, ln(1 - F - k) a step.",
        measure=_per_step(_resting_field, _second),
        expected=expected.FIELD_RESTING[1],
        reference="linearisation at (1, 0), which is diagonal in u, v and the waves",
    ),
    check(
        name="lyapunov_field_turing",
        description="Leading exponent of the Schnakenberg field at its steady state: the growth of its fastest wave.",
        measure=_turing_field,
        expected=expected.FIELD_TURING,
        tolerance=1e-9,
        unit="1/step",
        why_this_tolerance="after 7000 steps other waves are 1e-4 of the fastest, and enter squared",
        reference="Murray, Mathematical Biology II, 3rd ed. (2003), section 2.3",
    ),
    check(
        name="lyapunov_field_varying",
        description="Exponent of a rough Schnakenberg field over 400 steps less the growth of two runs' distance.",
        measure=_varying_field,
        expected=0.0,
        tolerance=1e-9,
        unit="1/step",
        why_this_tolerance="differences lose some 1e-10; tangents at the first state miss by 1e-3",
        reference="definition of the derivative",
    ),
)

CHECKS = (*MAPS, *FIELDS)
