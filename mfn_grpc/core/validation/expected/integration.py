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
