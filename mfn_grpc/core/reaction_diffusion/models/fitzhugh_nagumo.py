"""FitzHugh-Nagumo: an excitable membrane, here with a recovery that diffuses fast enough for Turing patterns.

The defaults follow from the conditions of a Turing instability at (0, 0): with a = I = 0 the Jacobian there is
[[1, -1], [1/tau, -b/tau]]; b = 0.5 makes (0, 0) the only steady state, tau = 0.25 makes it stable (trace -1,
determinant 2), and the critical ratio is (2 + sqrt 2)^2 = 11.66.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import parameter
from mfn_grpc.core.reaction_diffusion.models.base import TwoSpeciesModel


@dataclass(frozen=True)
class FitzhughNagumo(TwoSpeciesModel):
    """Parameters of FitzHugh-Nagumo; dimensionless."""

    name = "fitzhugh_nagumo"
    title = "FitzHugh-Nagumo"
    equations = "u' = Du lap u + u - u^3 / 3 - v + I; v' = Dv lap v + (u + a - b v) / tau"
    reference = "FitzHugh, Biophys. J. 1:445 (1961); Murray, Mathematical Biology I (2002), section 7.5"
    default_dt = 0.015

    diffusion_v: float = parameter(14.0, 0, 1000, "1", "diffusion coefficient Dv, squared length per time")
    a: float = parameter(0.0, -10, 10, "1", "offset a")
    b: float = parameter(0.5, 0, 10, "1", "recovery b")
    tau: float = parameter(0.25, 0.001, 1000, "1", "time scale tau of the recovery")
    current: float = parameter(0.0, -10, 10, "1", "applied current I")

    @staticmethod
    def kinetics(u: Any, v: Any, coefficients: tuple[Any, ...]) -> tuple[Any, Any]:
        """Rates (u - u^3 / 3 - v + I, (u + a - b v) / tau)."""
        a, b, per_tau, third, current = coefficients
        return ((u - third * (u * u * u)) - v) + current, per_tau * ((u + a) - b * v)

    @staticmethod
    def kinetics_tangent(u: Any, v: Any, du: Any, dv: Any, coefficients: tuple[Any, ...]) -> tuple[Any, Any]:
        """((1 - u^2) du - dv, (du - b dv) / tau)."""
        _, b, per_tau, _, _ = coefficients
        return (1 - u * u) * du - dv, per_tau * (du - b * dv)

    def coefficients(self) -> tuple[float, ...]:
        """The offset a, b, 1 / tau, one third, and I."""
        return self.a, self.b, 1 / self.tau, 1 / 3, self.current

    def steady_states(self) -> tuple[tuple[float, float], ...]:
        """The real roots of b v - (u + a) = 0 with v = u - u^3/3 + I, rising; there are one, two or three.

        The roots lie between the extrema, which b > 1 brings, and a bound on all of them. Bisection uses arithmetic
        alone: eigenvalue routines give other bits on other processors, and the initial state is made of these bits.
        """
        reach = 3 + abs(self.a) + abs(self.current)
        turn = math.sqrt((self.b - 1) / self.b) if self.b > 1 else 0.0
        edges = (-reach, -turn, turn, reach) if turn else (-reach, reach)
        brackets = [ends for ends in pairwise(edges) if (self._excess(ends[0]) > 0) != (self._excess(ends[1]) > 0)]
        return tuple((u, self._nullcline(u)) for u in (_bisect(self._excess, *ends) for ends in brackets))

    def _nullcline(self, u: float) -> float:
        """The v at which u rests."""
        return u - u * u * u / 3 + self.current

    def _excess(self, u: float) -> float:
        """Minus the rate of v on that nullcline, times tau."""
        return self.b * self._nullcline(u) - (u + self.a)

    def jacobian(self, u: float, v: float) -> Array:
        """[[1 - u^2, -1], [1/tau, -b/tau]]."""
        return np.array([[1 - u * u, -1.0], [1 / self.tau, -self.b / self.tau]])


def _bisect(function: Callable[[float], float], low: float, high: float) -> float:
    """The root between two ends at which `function` has opposite signs, to the last bit."""
    positive_above = function(high) > 0
    while low < (middle := 0.5 * (low + high)) < high:
        value = function(middle)
        if value == 0:
            return middle
        low, high = (low, middle) if (value > 0) == positive_above else (middle, high)
    return high
