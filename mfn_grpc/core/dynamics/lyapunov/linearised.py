"""The linearised field: one Euler step of small perturbations beside a field, with the same boundaries."""

from functools import cache
from typing import Any

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import Function, jit, specialise
from mfn_grpc.core.dynamics.kernels.linearised import mycelium_step, two_species_step
from mfn_grpc.core.dynamics.kernels.orbits import renormalise_one
from mfn_grpc.core.dynamics.lyapunov.exponents import first_vectors
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.reaction_diffusion import GiererMeinhardt, Model, Mycelium, SimulationSpec, TwoSpeciesModel
from mfn_grpc.core.reaction_diffusion.boundary import ghosts
from mfn_grpc.core.reaction_diffusion.kernels.ghosts import fill_ghosts
from mfn_grpc.core.reaction_diffusion.models.mycelium import HIGHEST_MV, LOWEST_MV


class LinearisedField:
    """Perturbations [count, species, rows, cols] in float64, whatever the precision of the field.

    Their ghost cells follow the field's boundaries without the constant part: a fixed value does not vary. Noise that
    is added drops out. The mycelium's threshold and clamp are piecewise linear, so where the potential is clamped its
    perturbation becomes 0.
    """

    def __init__(self, spec: SimulationSpec, count: int, seed: int) -> None:
        """Gaussian perturbations of a valid spec, drawn from Philox under `seed`; orthonormal after `renormalise`."""
        species, rows, cols = spec.state_shape
        self.vectors = first_vectors(count, spec.state_shape, seed)
        self._padded = np.zeros((species, rows + 2, cols + 2))
        edges = ghosts((spec.boundaries[0], spec.boundaries[1]), spec.state_shape, np.float64)
        self._ghosts = edges._replace(offset=np.zeros_like(edges.offset))
        self._is_clamped = isinstance(spec.model, Mycelium)
        self._step, self._scalars = _kernel(type(spec.model)), _scalars(spec)

    def advance(self, state: Array) -> Pieces[None]:
        """One step of every perturbation, where the field has `state` [species, rows, cols] before the step."""
        # One layout and one precision, whatever the field's: then one compilation serves all.
        at = np.array(state, dtype=np.float64, order="C")
        for vector in self.vectors:
            self._padded[:, 1:-1, 1:-1] = vector
            fill_ghosts(self._padded, *self._ghosts)
            self._step(self._padded, at, vector, self._scalars)
            yield

    def clamp(self, state: Array) -> None:
        """Stop the perturbation of a potential that the step to `state` clamped."""
        if self._is_clamped:
            clamped = (state[0] <= LOWEST_MV) | (state[0] >= HIGHEST_MV)
            self.vectors[:, 0, clamped] = 0.0

    def renormalise(self, growth: Array) -> Pieces[None]:
        """Make the perturbations orthonormal, and add the logarithms of their lengths to growth [count]."""
        # The kernel, not numpy's dot: beyond 10,000 values that wakes threads of its own.
        flat = self.vectors.reshape(len(self.vectors), -1)
        for i in range(len(flat)):
            renormalise_one(flat, i, growth)
            yield


def _scalars(spec: SimulationSpec) -> tuple[Any, ...]:
    """What the kernel of the spec's model takes."""
    model, dt, (dy, dx) = spec.model, spec.time_step, spec.spacing
    down = tuple(d * dt / (dy * dy) for d in model.diffusion)
    across = tuple(d * dt / (dx * dx) for d in model.diffusion)
    if isinstance(model, TwoSpeciesModel):
        return down, across, dt, model.coefficients()
    if isinstance(model, Mycelium):
        on = 1.0 if model.turing_enabled else 0.0
        coupling, rate = on * model.turing_coupling_mv, on * model.reaction_rate
        pair = GiererMeinhardt(a=model.activator_source)
        return down, across, model.leak_rate, coupling, model.turing_threshold, rate, pair.coefficients()
    raise TypeError(f"no kernel linearises {type(model).__name__}")


@cache
def _kernel(model: type[Model]) -> Function:
    """The compiled kernel of a model."""
    if issubclass(model, TwoSpeciesModel):
        tangent = jit(model.kinetics_tangent)
        return specialise(two_species_step, f"tangent_step_{model.name}", kinetics_tangent=tangent)
    tangent = jit(GiererMeinhardt.kinetics_tangent)
    return specialise(mycelium_step, f"tangent_step_{model.name}", kinetics_tangent=tangent)
