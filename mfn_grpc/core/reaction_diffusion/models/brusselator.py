"""Brusselator: the model oscillator, here where it forms Turing patterns."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import parameter
from mfn_grpc.core.reaction_diffusion.models.base import TwoSpeciesModel


@dataclass(frozen=True)
class Brusselator(TwoSpeciesModel):
    """Parameters of the Brusselator; dimensionless."""

    name = "brusselator"
    title = "Brusselator"
    equations = "u' = Du lap u + A - (B + 1) u + u^2 v; v' = Dv lap v + B u - u^2 v"
    reference = "Cross & Hohenberg, Rev. Mod. Phys. 65:851 (1993), section VII"
    default_dt = 0.02

    diffusion_v: float = parameter(9.0, 0, 1000, "1", "diffusion coefficient Dv, squared length per time")
    a: float = parameter(2.0, 0.001, 100, "1", "supply A of u")
    b: float = parameter(3.0, 0, 100, "1", "conversion rate B")

    @staticmethod
    def kinetics(u: Any, v: Any, coefficients: tuple[Any, ...]) -> tuple[Any, Any]:
        """Rates (A - (B + 1) u + u^2 v, B u - u^2 v)."""
        a, b, b_and_one = coefficients
        conversion = u * u * v
        return (a - b_and_one * u) + conversion, b * u - conversion

    @staticmethod
    def kinetics_tangent(u: Any, v: Any, du: Any, dv: Any, coefficients: tuple[Any, ...]) -> tuple[Any, Any]:
        """((2uv - B - 1) du + u^2 dv, (B - 2uv) du - u^2 dv)."""
        _, b, b_and_one = coefficients
        conversion = u * (2 * v * du + u * dv)
        return conversion - b_and_one * du, b * du - conversion

    def coefficients(self) -> tuple[float, ...]:
        """A, B and B + 1."""
        return self.a, self.b, self.b + 1

    def steady_states(self) -> tuple[tuple[float, float], ...]:
        """(A, B / A), the only one."""
        return ((self.a, self.b / self.a),)

    def jacobian(self, u: float, v: float) -> Array:
        """[[2uv - B - 1, u^2], [B - 2uv, -u^2]]."""
        return np.array([[2 * u * v - self.b - 1, u * u], [self.b - 2 * u * v, -u * u]])
