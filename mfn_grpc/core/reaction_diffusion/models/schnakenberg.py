"""Schnakenberg: the simplest activator-substrate kinetics with a Turing instability."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import parameter
from mfn_grpc.core.reaction_diffusion.models.base import TwoSpeciesModel


@dataclass(frozen=True)
class Schnakenberg(TwoSpeciesModel):
    """Parameters of Schnakenberg; dimensionless."""

    name = "schnakenberg"
    title = "Schnakenberg"
    equations = "u' = Du lap u + a - u + u^2 v; v' = Dv lap v + b - u^2 v"
    reference = "Murray, Mathematical Biology II (2003), section 2.2"
    default_dt = 0.02

    a: float = parameter(0.1, 0, 10, "1", "supply a of u")
    b: float = parameter(0.9, 0.001, 10, "1", "supply b of v")

    @staticmethod
    def kinetics(u: Any, v: Any, coefficients: tuple[Any, ...]) -> tuple[Any, Any]:
        """Rates (a - u + u^2 v, b - u^2 v)."""
        a, b = coefficients
        conversion = u * u * v
        return (a - u) + conversion, b - conversion

    @staticmethod
    def kinetics_tangent(u: Any, v: Any, du: Any, dv: Any, coefficients: tuple[Any, ...]) -> tuple[Any, Any]:
        """((2uv - 1) du + u^2 dv, -2uv du - u^2 dv)."""
        conversion = u * (2 * v * du + u * dv)
        return conversion - du, -conversion

    def coefficients(self) -> tuple[float, ...]:
        """The supplies a and b."""
        return self.a, self.b

    def steady_states(self) -> tuple[tuple[float, float], ...]:
        """(a + b, b / (a + b)^2), the only one."""
        total = self.a + self.b
        return ((total, self.b / (total * total)),)

    def jacobian(self, u: float, v: float) -> Array:
        """[[2uv - 1, u^2], [-2uv, -u^2]]."""
        return np.array([[2 * u * v - 1, u * u], [-2 * u * v, -u * u]])
