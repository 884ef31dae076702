"""Maps and flows with their tangents; the three whose exponents are known from the literature."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mfn_grpc.core.arrays import Array


@dataclass(frozen=True)
class System:
    """A system x -> f(x) or x' = f(x) in a few dimensions.

    point: (x, parameters, out), writes f(x) to out. tangent: (x, vector, parameters, out), writes Df(x) vector to out.
    Both are compiled, so they use scalars, indices and `math` alone. start, parameters: defaults.
    """

    name: str
    point: Callable[[Any, Any, Any], None]
    tangent: Callable[[Any, Any, Any, Any], None]
    start: tuple[float, ...]
    parameters: tuple[float, ...]


@dataclass(frozen=True)
class TangentMap(System):
    """An iterated map."""


@dataclass(frozen=True)
class Flow(System):
    """An autonomous ordinary differential equation."""


def _logistic(x: Array, parameters: Array, out: Array) -> None:
    out[0] = parameters[0] * x[0] * (1.0 - x[0])


def _logistic_tangent(x: Array, vector: Array, parameters: Array, out: Array) -> None:
    out[0] = parameters[0] * (1.0 - 2.0 * x[0]) * vector[0]


def _henon(x: Array, parameters: Array, out: Array) -> None:
    out[0] = 1.0 - parameters[0] * x[0] * x[0] + x[1]
    out[1] = parameters[1] * x[0]


def _henon_tangent(x: Array, vector: Array, parameters: Array, out: Array) -> None:
    out[0] = -2.0 * parameters[0] * x[0] * vector[0] + vector[1]
    out[1] = parameters[1] * vector[0]


def _lorenz(x: Array, parameters: Array, out: Array) -> None:
    out[0] = parameters[0] * (x[1] - x[0])
    out[1] = x[0] * (parameters[1] - x[2]) - x[1]
    out[2] = x[0] * x[1] - parameters[2] * x[2]


def _lorenz_tangent(x: Array, vector: Array, parameters: Array, out: Array) -> None:
    out[0] = parameters[0] * (vector[1] - vector[0])
    out[1] = vector[0] * (parameters[1] - x[2]) - x[0] * vector[2] - vector[1]
    out[2] = x[0] * vector[1] + vector[0] * x[1] - parameters[2] * vector[2]


LOGISTIC = TangentMap("logistic", _logistic, _logistic_tangent, start=(1.0 / math.pi,), parameters=(4.0,))
"""x -> r x (1 - x), May, Nature 261:459 (1976); ln 2 at r = 4."""

HENON = TangentMap("henon", _henon, _henon_tangent, start=(0.1, 0.1), parameters=(1.4, 0.3))
"""(x, y) -> (1 - a x^2 + y, b x), Henon, Commun. Math. Phys. 50:69 (1976); .4192, and ln b for the sum."""

LORENZ = Flow("lorenz", _lorenz, _lorenz_tangent, start=(1.0, 1.0, 20.0), parameters=(10.0, 28.0, 8.0 / 3.0))
"""Lorenz, J. Atmos. Sci. 20:130 (1963), parameters sigma, rho, beta; .9056, 0, and -(sigma + 1 + beta) for the sum."""
