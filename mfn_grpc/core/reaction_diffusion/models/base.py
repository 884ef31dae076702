"""What every model says of itself: names, equations, species, and the limits of its parameters."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.bands import bands
from mfn_grpc.core.limits import Violation, parameter, violations_of
from mfn_grpc.core.pieces import Pieces, finish
from mfn_grpc.core.randomness import Stream, generator
from mfn_grpc.core.reaction_diffusion.randomness import uniform
from mfn_grpc.core.reaction_diffusion.stability import TuringSystem

DRAWN_CELLS = 2**17
"""Cells drawn at a time: their numbers, 1 MiB, stay near the core, and a Gaussian takes some ten nanoseconds."""
NOISE_REACH = 0.01
"""How far the noise takes a species from its steady state."""


@dataclass(frozen=True)
class Species:
    """One field of a model and the unit of its values ("1" when dimensionless)."""

    name: str
    unit: str = "1"


@dataclass(frozen=True)
class Model(ABC):
    """A reaction-diffusion model; an instance holds its parameters.

    name: as in the protocol. title, equations, reference: for people. species: in the order of the state.
    default_dt: time step when a spec states none.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    equations: ClassVar[str]
    reference: ClassVar[str]
    species: ClassVar[tuple[Species, ...]]
    default_dt: ClassVar[float]

    def violations(self) -> list[Violation]:
        """What is wrong with the parameters, each by itself and together."""
        return violations_of(self)

    @abstractmethod
    def turing_system(self) -> TuringSystem:
        """The activator-inhibitor pair with its steady states and Jacobians."""

    @property
    @abstractmethod
    def diffusion(self) -> tuple[float, ...]:
        """Diffusion coefficient of each species, squared length per time unit."""

    @abstractmethod
    def start(self, state: Array, seed: int) -> Pieces[None]:
        """Write the state at step 0 for a seed into `state`, [species, rows, cols], float64 or rounded to float32."""

    def initial_state(self, seed: int, shape: tuple[int, int]) -> Array:
        """The state at step 0 for a seed, float64 [species, rows, cols]."""
        state = np.empty((len(self.species), *shape))
        finish(self.start(state, seed))
        return state


@dataclass(frozen=True)
class TwoSpeciesModel(Model):
    """Two diffusing species u and v with local kinetics."""

    species: ClassVar[tuple[Species, ...]] = (Species("u"), Species("v"))

    diffusion_u: float = parameter(1.0, 0, 1000, "1", "diffusion coefficient Du, squared length per time")
    diffusion_v: float = parameter(10.0, 0, 1000, "1", "diffusion coefficient Dv, squared length per time")

    @staticmethod
    @abstractmethod
    def kinetics(u: Any, v: Any, coefficients: tuple[Any, ...]) -> tuple[Any, Any]:
        """Reaction rates (du/dt, dv/dt) of cells or arrays; + - * / only and no literals, see kernels.two_species."""

    @abstractmethod
    def coefficients(self) -> tuple[float, ...]:
        """What `kinetics` takes."""

    @abstractmethod
    def steady_states(self) -> tuple[tuple[float, float], ...]:
        """The homogeneous steady states (u, v)."""

    @abstractmethod
    def jacobian(self, u: float, v: float) -> Array:
        """Jacobian of the kinetics at (u, v), [2, 2]."""

    @staticmethod
    @abstractmethod
    def kinetics_tangent(u: Any, v: Any, du: Any, dv: Any, coefficients: tuple[Any, ...]) -> tuple[Any, Any]:
        """Jacobian of `kinetics` at (u, v) times the perturbation (du, dv); cells or arrays."""

    @property
    def diffusion(self) -> tuple[float, ...]:
        """(Du, Dv)."""
        return self.diffusion_u, self.diffusion_v

    def turing_system(self) -> TuringSystem:
        """The kinetics linearised at each steady state."""
        states = self.steady_states()
        jacobians = tuple(self.jacobian(u, v) for u, v in states)
        return TuringSystem(("u", "v"), (self.diffusion_u, self.diffusion_v), states, jacobians)

    def start(self, state: Array, seed: int) -> Pieces[None]:
        """The first steady state with uniform noise of +- 0.01 on both species."""
        rng = generator(seed, Stream.INITIAL)
        for field, level in zip(state, self.steady_states()[0], strict=True):
            yield from scatter(field, level, rng)


def draw(field: Array, values: Callable[[Array], Array]) -> Pieces[None]:
    """Replace a field [rows, cols] by `values` of it, band by band from the first row."""
    for rows in bands(field.shape, DRAWN_CELLS):
        field[rows] = values(field[rows])
        yield


def scatter(field: Array, level: float, rng: np.random.Generator) -> Pieces[None]:
    """Write `level` with uniform noise of +- 0.01 into a field [rows, cols]."""
    return draw(field, lambda band: level + uniform(rng, -NOISE_REACH, NOISE_REACH, band.shape))
