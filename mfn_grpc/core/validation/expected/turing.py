"""Turing instability by hand: steady states and Jacobians of the models, and what follows from them.

With J = [[fu, fv], [gu, gv]] and D = diag(Du, Dv) a mode of the Laplacian with eigenvalue -mu changes by J - mu D
(Turing 1952; Murray 2003, volume II, section 2.3). Nothing here asks the models.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EDGE = 48
"""Rows and columns of the periodic grid, of spacing 1, on which modes are grown."""


@dataclass(frozen=True)
class Linearised:
    """A model at a steady state, with the step and a mode (waves down, waves across) that grows.

    activator: 0 where u feeds itself, 1 where v does.
    """

    steady: tuple[float, float]
    jacobian: tuple[tuple[float, float], tuple[float, float]]
    diffusion: tuple[float, float]
    dt: float
    mode: tuple[int, int]
    activator: int = 0

    @property
    def determinant(self) -> float:
        """Determinant of J."""
        (fu, fv), (gu, gv) = self.jacobian
        return fu * gv - fv * gu

    @property
    def critical_ratio(self) -> float:
        """Inhibitor's over activator's diffusion at which d fa + fi = 2 sqrt(d det J), its larger root in d."""
        fa, fi = self.jacobian[self.activator][self.activator], self.jacobian[1 - self.activator][1 - self.activator]
        # Squared: fa^2 d^2 + (2 fa fi - 4 det J) d + fi^2 = 0.
        half = 2 * self.determinant - fa * fi
        return (half + math.sqrt(half * half - fa * fa * fi * fi)) / (fa * fa)

    @property
    def margin(self) -> float:
        """Dv fu + Du gv - 2 sqrt(Du Dv det J): Turing-unstable above 0."""
        (fu, _), (_, gv) = self.jacobian
        du, dv = self.diffusion
        return dv * fu + du * gv - 2 * math.sqrt(du * dv * self.determinant)

    @property
    def critical_wavelength(self) -> float:
        """2 pi / k with k^4 = det J / (Da Di) at the critical ratio, the activator's diffusion as it is."""
        activator = self.diffusion[self.activator]
        inhibitor = self.critical_ratio * activator
        return float(2 * math.pi / (self.determinant / (activator * inhibitor)) ** 0.25)

    def matrix(self, mu: float) -> Array:
        """J - mu D."""
        return np.array(self.jacobian) - mu * np.diag(self.diffusion)

    def growth_rate(self, mu: float) -> float:
        """The largest real part of its eigenvalues."""
        return float(np.linalg.eigvals(self.matrix(mu)).real.max())

    @property
    def direction(self) -> Array:
        """The eigenvector of the mode that grows, of length 1."""
        values, vectors = np.linalg.eig(self.matrix(grid_eigenvalue(self.mode, EDGE)))
        return np.asarray(vectors[:, int(values.real.argmax())].real)

    @property
    def growth_per_step(self) -> float:
        """ln(1 + dt sigma) of the mode: what explicit Euler makes of it."""
        return math.log1p(self.dt * self.growth_rate(grid_eigenvalue(self.mode, EDGE)))

    @property
    def fastest_on_grid(self) -> float:
        """The largest growth rate among all modes of the grid, one by one."""
        mu = np.array([grid_eigenvalue((m, n), EDGE) for m in range(EDGE) for n in range(EDGE)])
        matrices = np.array(self.jacobian) - mu[:, None, None] * np.diag(self.diffusion)
        return float(np.linalg.eigvals(matrices).real.max())

    @property
    def fastest_wavenumber(self) -> float:
        """The k of the unbounded medium that grows fastest, by ternary search over mu = k^2 between 0 and 10."""
        low, high = 0.0, 10.0
        while high - low > 1e-9:
            third = (high - low) / 3
            if self.growth_rate(low + third) < self.growth_rate(high - third):
                low += third
            else:
                high -= third
        return math.sqrt(low)

    @property
    def fastest_wavelength(self) -> float:
        """2 pi over it."""
        return 2 * math.pi / self.fastest_wavenumber


def grid_eigenvalue(mode: tuple[int, int], edge: int) -> float:
    """The mu of a mode of the five-point Laplacian on a periodic grid of spacing 1."""
    return sum(4 * math.sin(math.pi * number / edge) ** 2 for number in mode)


def continuum_eigenvalue(mode: tuple[int, int], edge: int) -> float:
    """The mu that the same wave has without a grid."""
    return sum((2 * math.pi * number / edge) ** 2 for number in mode)


# a = 0.1, b = 0.9: (a + b, b / (a + b)^2) = (1, 0.9); J = [[2uv - 1, u^2], [-2uv, -u^2]].
SCHNAKENBERG = Linearised((1.0, 0.9), ((0.8, 1.0), (-1.8, -1.0)), (1.0, 10.0), 0.02, (4, 2))

# a = 0.1: (1 + a, (1 + a)^2) = (1.1, 1.21); J = [[2u/v - 1, -(u/v)^2], [2u, -1]] with u/v = 1/1.1.
GIERER_MEINHARDT = Linearised((1.1, 1.21), ((2 / 1.1 - 1, -1 / 1.21), (2.2, -1.0)), (1.0, 10.0), 0.02, (4, 3))

# A = 2, B = 3: (A, B/A) = (2, 1.5); J = [[B - 1, A^2], [-B, -A^2]].
BRUSSELATOR = Linearised((2.0, 1.5), ((2.0, 4.0), (-3.0, -4.0)), (1.0, 9.0), 0.02, (6, 3))

# a = I = 0, b = 1/2, tau = 1/4: (0, 0); J = [[1 - u^2, -1], [1/tau, -b/tau]] = [[1, -1], [4, -2]], so det J = 2 and
# with d = Dv/Du Turing's condition d - 2 > 2 sqrt(2 d) says sqrt d > 2 + sqrt 2.
FITZHUGH_NAGUMO = Linearised((0.0, 0.0), ((1.0, -1.0), (4.0, -2.0)), (1.0, 14.0), 0.015, (4, 2))


def gray_scott(feed: float, kill: float, mode: tuple[int, int]) -> Linearised:
    """The state with more v: of v^2 - (F/(F+k)) v + F = 0 the larger root, u = (F + k)/v; v is the activator.

    J = [[-v^2 - F, -2uv], [v^2, 2uv - F - k]] with uv = F + k.
    """
    removal = feed + kill
    v = (feed + math.sqrt(feed * feed - 4 * feed * removal * removal)) / (2 * removal)
    jacobian = (-v * v - feed, -2 * removal), (v * v, removal)
    return Linearised((removal / v, v), jacobian, (0.16, 0.08), 1.0, mode, activator=1)


def gray_scott_critical_ratio(feed: float, kill: float) -> float:
    """(sqrt(v^2 - F) + sqrt(2) v)^2 / (F + k): the same by the formula that is special to the model."""
    v = gray_scott(feed, kill, (0, 0)).steady[1]
    return (math.sqrt(v * v - feed) + math.sqrt(2) * v) ** 2 / (feed + kill)


GRAY_SCOTT = gray_scott(0.0545, 0.062, (5, 2))
# Here the state is stable without diffusion (v^2 > k), as a critical ratio supposes.
GRAY_SCOTT_CRITICAL_RATIO = gray_scott_critical_ratio(0.06, 0.062)

# The mycelium's pair is Gierer-Meinhardt with a = 0.1 at a rate of 0.01 a step and diffusion numbers 0.01 and 0.2.
MYCELIUM_PAIR = Linearised(
    GIERER_MEINHARDT.steady,
    ((0.01 * (2 / 1.1 - 1), -0.01 / 1.21), (0.022, -0.01)),
    (0.01, 0.2),
    1.0,
    (4, 2),
)

BRUSSELATOR_CRITICAL_RATIO = 4 + 2 * math.sqrt(3)
FITZHUGH_NAGUMO_CRITICAL_RATIO = (2 + math.sqrt(2)) ** 2

EULER_LIMIT_UNLIKE_SPACING = 0.5 / (1 / 0.5**2 + 1 / 2.0**2)


def _rk4_reach() -> float:
    """Where 1 - x + x^2/2 - x^3/6 + x^4/24 returns to 1 for x > 0: the real root of x^3 - 4 x^2 + 12 x = 24."""
    low, high = 2.0, 3.0
    for _ in range(100):
        middle = 0.5 * (low + high)
        if ((middle - 4) * middle + 12) * middle > 24:
            high = middle
        else:
            low = middle
    return low


RK4_LIMIT = _rk4_reach() / 8


# Heat on a periodic grid of 64 x 64 with D = 1: the wave with 3 periods down and 5 across.
HEAT_EDGE, HEAT_MODE, HEAT_DT = 64, (3, 5), 0.2
HEAT_EIGENVALUE = -grid_eigenvalue(HEAT_MODE, HEAT_EDGE)
HEAT_EIGENVALUE_CONTINUUM = -continuum_eigenvalue(HEAT_MODE, HEAT_EDGE)
HEAT_AMPLITUDE_100 = (1 + HEAT_DT * HEAT_EIGENVALUE) ** 100
