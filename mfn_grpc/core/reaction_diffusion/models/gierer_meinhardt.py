"""Gierer-Meinhardt: an activator that makes its own, faster, inhibitor."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import parameter
from mfn_grpc.core.reaction_diffusion.models.base import TwoSpeciesModel


@dataclass(frozen=True)
class GiererMeinhardt(TwoSpeciesModel):
    """Parameters of Gierer-Meinhardt; dimensionless."""

    name = "gierer_meinhardt"
    title = "Gierer-Meinhardt"
    equations = "u' = Du lap u + a - u + u^2 / v; v' = Dv lap v + u^2 - v"
    reference = "Murray, Mathematical Biology II (2003), section 2.2"
    default_dt = 0.02

    a: float = parameter(0.1, 0.001, 10, "1", "basal production a of the activator")

    @staticmethod
    def kinetics(u: Any, v: Any, coefficients: tuple[Any, ...]) -> tuple[Any, Any]:
        """Rates (a - u + u^2 / v, u^2 - v)."""
        (a,) = coefficients
        square = u * u
        return (a - u) + square / v, square - v

    @staticmethod
    def kinetics_tangent(u: Any, v: Any, du: Any, dv: Any, coefficients: tuple[Any, ...]) -> tuple[Any, Any]:
        """((2u/v - 1) du - u^2/v^2 dv, 2u du - dv)."""
        ratio = u / v
        return ratio * (2 * du - ratio * dv) - du, 2 * u * du - dv

    def coefficients(self) -> tuple[float, ...]:
        """The basal production a."""
        return (self.a,)

    def steady_states(self) -> tuple[tuple[float, float], ...]:
        """(1 + a, (1 + a)^2), the only one."""
        u = 1 + self.a
        return ((u, u * u),)

    def jacobian(self, u: float, v: float) -> Array:
        """[[2u/v - 1, -u^2/v^2], [2u, -1]]."""
        return np.array([[2 * u / v - 1, -u * u / (v * v)], [2 * u, -1.0]])
