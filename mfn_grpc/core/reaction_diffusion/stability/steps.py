"""The largest stable time step of each stepper, in closed form but for one scan.

A mode with eigenvalue lambda of J - mu D is multiplied by R(dt lambda) each step, and no mode that decays may grow:
|R| <= 1 wherever Re lambda < 0, for every mu from 0 to the largest that the discrete Laplacian has (Hairer & Wanner
1996, section IV.2). At a state that is stable without diffusion the trace is negative for every mu, so of two real
eigenvalues the smaller one decays and is the stiffer.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from mfn_grpc.core.reaction_diffusion.stability.dispersion import Dispersion, Interval, dispersion
from mfn_grpc.core.reaction_diffusion.stability.types import StepLimit, Stepper, TuringSystem

# Where |R| = 1 on the negative real axis: R = 1 + z, and 1 + z/2 + z^2/6 + z^3/24 = 0.
EULER_REAL_REACH = 2.0
RK4_REAL_REACH = 2.785293563405282

_SCAN_POINTS = 129
_SCAN_PASSES = 2
_NEWTON_STEPS = 6


def largest_stable_dt(system: TuringSystem, spacing: Sequence[float], stepper: Stepper) -> StepLimit:
    """The largest dt at which no decaying mode grows on a grid of this spacing; inf when nothing bounds it.

    Bounds are the diffusion of each species by itself (explicit steppers: dt <= 1/2 / sum(D/dx^2) for EULER) and the
    system linearised at each steady state that is stable without diffusion. `limited_by` is "diffusion" when diffusion
    without kinetics allows no more than kinetics without diffusion, else "reaction".
    """
    mu_max = sum(4.0 / (dx * dx) for dx in spacing)
    relations = [dispersion(jacobian, system.diffusion) for jacobian in system.jacobians]
    stable = [relation for relation in relations if relation.stable_without_diffusion]
    diffusion = _diffusion_limit(max(system.diffusion) * mu_max, stepper)
    whole = min((_mode_limit(relation, mu_max, stepper) for relation in stable), default=math.inf)
    kinetics = min((_mode_limit(relation, 0.0, stepper) for relation in stable), default=math.inf)
    cause = "diffusion" if diffusion <= kinetics and stepper is not Stepper.SEMI_IMPLICIT else "reaction"
    return StepLimit(stepper, min(diffusion, whole), cause)


def _diffusion_limit(fastest_decay: float, stepper: Stepper) -> float:
    if stepper is Stepper.SEMI_IMPLICIT or fastest_decay == 0:
        return math.inf
    return (EULER_REAL_REACH if stepper is Stepper.EULER else RK4_REAL_REACH) / fastest_decay


def _mode_limit(relation: Dispersion, mu_max: float, stepper: Stepper) -> float:
    """The bound from all modes with mu from 0 to mu_max, at a state that is stable without diffusion."""
    if stepper is Stepper.SEMI_IMPLICIT:
        return _semi_implicit_limit(relation, mu_max)
    complex_modes = _complex_modes(relation, mu_max)
    if stepper is Stepper.EULER:
        oscillating = min((_euler_complex_limit(relation, mu) for mu in complex_modes), default=math.inf)
        return min(_euler_real_limit(relation, mu_max), oscillating)
    real = RK4_REAL_REACH / EULER_REAL_REACH * _euler_real_limit(relation, mu_max)
    return min(real, _rk4_complex_limit(relation, *complex_modes) if complex_modes else math.inf)


def _complex_modes(relation: Dispersion, mu_max: float) -> Interval | tuple[()]:
    found = relation.complex_range()
    if found is None or found[0] > mu_max or found[1] < 0:
        return ()
    return max(found[0], 0.0), min(found[1], mu_max)


def _euler_real_limit(relation: Dispersion, mu_max: float) -> float:
    turning = relation.turning_points()
    return _limit_of(relation, mu_max, turning[0] if turning else 0.0, side=-1)


def _limit_of(relation: Dispersion, mu_max: float, turning: float, side: int) -> float:
    """2 over the largest of side * (the real eigenvalue on that side of t/2): at an end of the range, or between.

    Where real eigenvalues meet and turn complex, both branches head inwards, so no maximum lies there.
    """
    candidates = 0.0, min(max(turning, 0.0), mu_max), mu_max
    real = [(mu, inner) for mu in candidates if (inner := relation.discriminant(mu)) >= 0]
    largest = max((side * relation.half_trace(mu) + math.sqrt(inner) for mu, inner in real), default=0.0)
    return EULER_REAL_REACH / largest if largest > 0 else math.inf


def _euler_complex_limit(relation: Dispersion, mu: float) -> float:
    """-2 Re / |lambda|^2 = -t/h. Its inverse is convex or monotonic in mu, so the ends of a range bound it."""
    half_trace = relation.half_trace(mu)
    return float(-2.0 * half_trace / (half_trace * half_trace - min(relation.discriminant(mu), 0.0)))


def _rk4_complex_limit(relation: Dispersion, low: float, high: float) -> float:
    """The scan narrows around its best point; the error left is quadratic in the last spacing, about 1e-9."""
    if low == high:
        eigenvalue = complex(relation.half_trace(low), math.sqrt(max(-relation.discriminant(low), 0.0)))
        return float(_rk4_reach(eigenvalue / abs(eigenvalue)) / abs(eigenvalue))
    best = math.inf
    for _ in range(_SCAN_PASSES):
        # Denser towards the ends, where eigenvalues move fastest.
        mu = low + 0.5 * (high - low) * (1.0 - np.cos(np.linspace(0.0, math.pi, _SCAN_POINTS)))
        eigenvalues = relation.half_trace(mu) + 1j * np.sqrt(np.maximum(-relation.discriminant(mu), 0.0))
        sizes = np.abs(eigenvalues)
        limits = _rk4_reach(eigenvalues / sizes) / sizes
        place = int(limits.argmin())
        best = min(best, float(limits[place]))
        low, high = float(mu[max(place - 1, 0)]), float(mu[min(place + 1, _SCAN_POINTS - 1)])
    return best


def _rk4_reach(direction: Any) -> Any:
    """Distance from 0 to |R| = 1 along unit numbers of the left half plane: a complex or an array of them.

    Each such ray leaves the stability region once, between 2.6 and 2.97, and |R|^2 is convex from there to 3: Newton
    from 3 falls to the root and is at roundoff after six steps.
    """
    reach = 3.0
    for _ in range(_NEWTON_STEPS):
        z = reach * direction
        derivative = 1.0 + z * (1.0 + z * (0.5 + z / 6.0))
        amplification = derivative + z * z * z * z / 24.0
        excess = (amplification * amplification.conjugate()).real - 1.0
        reach = reach - excess / (2.0 * (amplification.conjugate() * derivative * direction).real)
    return reach


def _semi_implicit_limit(relation: Dispersion, mu_max: float) -> float:
    """The step multiplies a mode by G = (1 + dt mu D)^-1 (1 + dt J), whose eigenvalues g must lie in the unit disc.

    det(G - 1) has the sign of h(mu): where h > 0 both eigenvalues decay, where h < 0 exactly one exceeds 1, as it
    should. What is left of Jury's conditions: det G <= 1, which is hardest at mu = 0 and says dt <= -tr J / det J; and
    det(G + 1) >= 0, that is, 2/dt is at least the larger real eigenvalue of -J - mu D, for every mu.
    """
    mirrored = Dispersion(-relation.fu, -relation.fv, -relation.gu, -relation.gv, relation.du, relation.dv)
    turning = mirrored.turning_points()
    flipping = _limit_of(mirrored, mu_max, turning[1] if turning else 0.0, side=1)
    return min(-relation.trace / relation.determinant, flipping)
