"""The dispersion relation of two diffusing species: the eigenvalues of J - mu D as the mode's mu rises.

mu stands for k^2 in the continuum and for the negated eigenvalue of the discrete Laplacian on a grid (Murray 2003,
volume II, section 2.3). With t(mu) the trace, h(mu) the determinant, w(mu) half the difference of the diagonal and
p = fv gu, the eigenvalues are t/2 +- sqrt(w^2 + p): complex only where w^2 < -p.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Interval = tuple[float, float]


@dataclass(frozen=True)
class Dispersion:
    """J = [[fu, fv], [gu, gv]] and D = diag(du, dv), with du and dv >= 0."""

    fu: float
    fv: float
    gu: float
    gv: float
    du: float
    dv: float

    @property
    def trace(self) -> float:
        """Trace of J."""
        return self.fu + self.gv

    @property
    def determinant(self) -> float:
        """Determinant of J."""
        return self.fu * self.gv - self.fv * self.gu

    @property
    def stable_without_diffusion(self) -> bool:
        """Whether the homogeneous perturbation decays."""
        return self.trace < 0 and self.determinant > 0

    def half_trace(self, mu: Any) -> Any:
        """Half the trace at mu, a float or an array."""
        return 0.5 * (self.trace - (self.du + self.dv) * mu)

    def discriminant(self, mu: Any) -> Any:
        """w^2 + p at mu, a float or an array: negative where the eigenvalues are complex."""
        half_difference = 0.5 * (self.fu - self.gv - (self.du - self.dv) * mu)
        return half_difference * half_difference + self.fv * self.gu

    def growth(self, mu: ArrayLike) -> NDArray[np.float64]:
        """The larger real part of the two eigenvalues at each mu, of the shape of mu."""
        at = np.asarray(mu, dtype=np.float64)
        return np.asarray(self.half_trace(at) + np.sqrt(np.maximum(self.discriminant(at), 0.0)))

    def complex_range(self) -> Interval | None:
        """The mu (of either sign) at which the eigenvalues are complex, or None."""
        if self.fv * self.gu >= 0:
            return None
        centre, reach, slope = self.fu - self.gv, 2.0 * math.sqrt(-self.fv * self.gu), self.du - self.dv
        if slope == 0:
            return (-math.inf, math.inf) if abs(centre) < reach else None
        ends = (centre - reach) / slope, (centre + reach) / slope
        return min(ends), max(ends)

    def turning_points(self) -> Interval | None:
        """The mu (of either sign) where the smaller, then where the larger real eigenvalue is stationary, or None.

        Both are maxima of what they bound: of the decay of the smaller and of the growth of the larger one.
        """
        if self.fv * self.gu >= 0 or self.du == self.dv:
            return None
        geometric_mean = math.sqrt(self.du) * math.sqrt(self.dv)
        twice_w = (self.du + self.dv) * math.sqrt(-self.fv * self.gu) / geometric_mean if geometric_mean else math.inf
        offset = math.copysign(1.0, self.du - self.dv) * (self.fu - self.gv)
        spread = abs(self.dv - self.du)
        return (offset - twice_w) / spread, (offset + twice_w) / spread

    def fastest(self) -> float:
        """The mu >= 0 that grows fastest; inf when growth rises towards a limit."""
        turning = self.turning_points()
        if turning is None or turning[1] <= 0 or self.growth_limit(turning[1]) <= self.growth_limit(0.0):
            return 0.0
        return turning[1]

    def growth_limit(self, mu: float) -> float:
        """The larger real part at mu, inf included when a species does not diffuse."""
        if math.isinf(mu):
            return self.fu if self.du == 0 else self.gv
        return float(self.growth(mu))

    def growing_ranges(self) -> list[Interval]:
        """Open intervals of mu that hold every growing mode and no other; a negative lower end includes mu = 0."""
        found = self._positive_trace(), self._negative_determinant()
        return [interval for interval in found if interval is not None and interval[1] > 0]

    def _positive_trace(self) -> Interval | None:
        if self.trace <= 0:
            return None
        total = self.du + self.dv
        return -math.inf, self.trace / total if total else math.inf

    def _negative_determinant(self) -> Interval | None:
        """Where h(mu) = du dv mu^2 - (dv fu + du gv) mu + det J is below zero."""
        square, slope, constant = self.du * self.dv, self.dv * self.fu + self.du * self.gv, self.determinant
        if square == 0:
            return _below_zero(slope, constant)
        inner = slope * slope - 4.0 * square * constant
        if inner <= 0:
            return None
        # The root of larger size first, the other from their product: neither loses digits.
        larger = 0.5 * (abs(slope) + math.sqrt(inner))
        if slope >= 0:
            return constant / larger, larger / square
        return -larger / square, -constant / larger


def _below_zero(slope: float, constant: float) -> Interval | None:
    """Where constant - slope mu < 0."""
    if slope > 0:
        return constant / slope, math.inf
    if slope < 0:
        return -math.inf, constant / slope
    return (-math.inf, math.inf) if constant < 0 else None


def dispersion(jacobian: ArrayLike, diffusion: tuple[float, float]) -> Dispersion:
    """The dispersion relation of a Jacobian [2, 2] and (Du, Dv)."""
    (fu, fv), (gu, gv) = np.asarray(jacobian, dtype=np.float64).tolist()
    return Dispersion(fu, fv, gu, gv, float(diffusion[0]), float(diffusion[1]))


def growth_rate(jacobian: ArrayLike, diffusion: tuple[float, float], k2: ArrayLike) -> NDArray[np.float64]:
    """Growth rate sigma of modes: the larger real part of the roots of det(sigma I - J + k2 D) = 0.

    jacobian: [2, 2], per time unit. k2: squared wavenumbers, or negated eigenvalues of a discrete Laplacian, any shape.
    Returns float64 of that shape, per time unit.
    """
    return dispersion(jacobian, diffusion).growth(k2)
