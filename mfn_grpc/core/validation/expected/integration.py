"""What the steppers make of equations whose solutions are known."""

import math
from collections.abc import Callable

from mfn_grpc.core.validation.expected.turing import HEAT_EIGENVALUE

Pair = tuple[float, float]

RK4_DT, SEMI_IMPLICIT_DT = 0.3, 5.0


def _rk4_factor(z: float) -> float:
    """One step of y' = lambda y with z = dt lambda: the exponential series to its fourth power."""
    return sum(z**n / math.factorial(n) for n in range(5))


# Per step of the wave (3, 5) on 64 x 64 cells, D = 1.
RK4_HEAT_FACTOR = _rk4_factor(RK4_DT * HEAT_EIGENVALUE)
SEMI_IMPLICIT_HEAT_FACTOR = 1 / (1 - SEMI_IMPLICIT_DT * HEAT_EIGENVALUE)
# The cosine with 3 half waves down and 5 across between insulated walls, 64 cells each way.
SEMI_IMPLICIT_NO_FLUX_FACTOR = 1 / (
    1 + SEMI_IMPLICIT_DT * sum(4 * math.sin(math.pi * halves / 128) ** 2 for halves in (3, 5))
)

# tr J < 0 < det J: (1 + dt J) turns by less than it shrinks while dt <= -tr J / det J = 0.2 / 1.
SEMI_IMPLICIT_LIMIT_SCHNAKENBERG = 0.2


# Kinetics that spiral inwards with lambda = -0.1 + i and do not diffuse: EULER's limit is -2 Re / |lambda|^2, and RK4's
# the dt at which its polynomial leaves the unit circle, found by bisection.
SPIRAL = complex(-0.1, 1.0)
EULER_LIMIT_SPIRAL = -2 * SPIRAL.real / abs(SPIRAL) ** 2


def _end_of_stability(eigenvalue: complex) -> float:
    low, high = 0.0, 4.0
    for _ in range(60):
        dt = 0.5 * (low + high)
        factor = sum((dt * eigenvalue) ** n / math.factorial(n) for n in range(5))
        low, high = (dt, high) if abs(factor) <= 1 else (low, dt)
    return low


RK4_LIMIT_SPIRAL = _end_of_stability(SPIRAL)
# Kinetics that decay at the rates 1 and 20: 1 - 20 dt is -1 at dt = 2 / 20, long before -tr J / det J = 21 / 20.
SEMI_IMPLICIT_LIMIT_FLIP = 0.1

# Gray-Scott with F = 0.04, k = 0.07 and v at rest: (1, 0) is the only state, and u and v are apart there. The shortest
# wave of u decays at 8 D + F, and v at F + k, which flips first where diffusion is implicit.
STIFF_EULER, STIFF_RK4, STIFF_SEMI_IMPLICIT = 2 / 8.04, 2.785293563405282 / 8.04, 2 / 0.11


def _plain_runge_kutta(rates: Callable[[float, float], Pair], start: Pair, time: float, steps: int) -> Pair:
    """Classical Runge-Kutta in a plain loop."""
    (u, v), dt = start, time / steps
    for _ in range(steps):
        a, b = rates(u, v)
        c, d = rates(u + dt / 2 * a, v + dt / 2 * b)
        e, f = rates(u + dt / 2 * c, v + dt / 2 * d)
        g, h = rates(u + dt * e, v + dt * f)
        u, v = u + dt / 6 * (a + 2 * c + 2 * e + g), v + dt / 6 * (b + 2 * d + 2 * f + h)
    return u, v


START, TIME = (0.8, 1.2), 1.0
_STEPS = 1000

# u after a time of 1 from (0.8, 1.2), rates as the sources print them, parameters as in `turing`; good to 1e-12.
UNIFORM_SCHNAKENBERG = _plain_runge_kutta(lambda u, v: (0.1 - u + u**2 * v, 0.9 - u**2 * v), START, TIME, _STEPS)[0]
UNIFORM_GIERER_MEINHARDT = _plain_runge_kutta(lambda u, v: (0.1 - u + u**2 / v, u**2 - v), START, TIME, _STEPS)[0]
UNIFORM_BRUSSELATOR = _plain_runge_kutta(
    lambda u, v: (2 - (3 + 1) * u + u**2 * v, 3 * u - u**2 * v), START, TIME, _STEPS
)[0]
UNIFORM_FITZHUGH_NAGUMO = _plain_runge_kutta(
    lambda u, v: (u - u**3 / 3 - v, (u - 0.5 * v) / 0.25), START, TIME, _STEPS
)[0]
UNIFORM_GRAY_SCOTT = _plain_runge_kutta(
    lambda u, v: (-u * v**2 + 0.0545 * (1 - u), u * v**2 - (0.0545 + 0.062) * v), START, TIME, _STEPS
)[0]
