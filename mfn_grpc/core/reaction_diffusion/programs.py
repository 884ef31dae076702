"""From a spec to a program: the compiled kernels of its model and precision, and the arguments they take."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

import numpy as np

from mfn_grpc.core.reaction_diffusion.kernels.compiling import Function, jit, specialise
from mfn_grpc.core.reaction_diffusion.kernels.ghosts import Array, Ghosts
from mfn_grpc.core.reaction_diffusion.kernels.marching import march
from mfn_grpc.core.reaction_diffusion.kernels.mycelium import (
    MyceliumForcing,
    MyceliumScalars,
    mycelium_reference,
    mycelium_rows,
)
from mfn_grpc.core.reaction_diffusion.kernels.two_species import EulerScalars, euler_reference, euler_rows
from mfn_grpc.core.reaction_diffusion.models import MODELS, Mycelium, TwoSpeciesModel
from mfn_grpc.core.reaction_diffusion.models.mycelium import HIGHEST_MV, LOWEST_MV, REST_MV
from mfn_grpc.core.reaction_diffusion.randomness import growth_events, jitter, jitter_block_rows
from mfn_grpc.core.reaction_diffusion.spec import SimulationSpec
from mfn_grpc.core.reaction_diffusion.stability import Stepper


class Program(Protocol):
    """How one spec is stepped.

    march, rows: compiled kernels. scalars: their constant arguments.
    band_rows: 0 when whole steps may be marched; else the largest band, in rows, that one call may update.
    """

    march: Function
    rows: Function
    scalars: tuple[Any, ...]
    band_rows: int

    def forcing(self, first_step: int, steps: int, rows: range) -> tuple[Any, ...]:
        """The random inputs of some steps and rows."""

    def reference(self, state: Array, ghosts: Ghosts, step: int) -> Array:
        """One step in plain numpy."""


class TwoSpeciesProgram:
    """Explicit Euler for a two-species model."""

    band_rows = 0

    def __init__(self, spec: SimulationSpec, model: TwoSpeciesModel) -> None:
        self.march, self.rows = _kernels(model.name)
        self._kinetics = model.kinetics
        dy, dx = spec.spacing
        ratio = (dy / dx) * (dy / dx)
        weights = [d * spec.time_step / (dy * dy) for d in (model.diffusion_u, model.diffusion_v)]
        cast = spec.dtype.type
        self._scalars = EulerScalars(
            weight_u=cast(weights[0]),
            weight_v=cast(weights[1]),
            ratio=cast(ratio),
            centre=cast(2 + 2 * ratio),
            dt=cast(spec.time_step),
            coefficients=tuple(cast(coefficient) for coefficient in model.coefficients()),
        )
        self.scalars = tuple(self._scalars)

    def forcing(self, first_step: int, steps: int, rows: range) -> tuple[Any, ...]:
        """Nothing: these models are deterministic once started."""
        return ()

    def reference(self, state: Array, ghosts: Ghosts, step: int) -> Array:
        """One step in plain numpy."""
        return euler_reference(state, ghosts, self._scalars, self._kinetics)


class MyceliumProgram:
    """The discrete-time mycelium model."""

    def __init__(self, spec: SimulationSpec, model: Mycelium) -> None:
        self.march, self.rows = _kernels(model.name)
        self._spec, self._model = spec, model
        self._scalars = _mycelium_scalars(model, spec.dtype.type)
        self.scalars = tuple(self._scalars)
        self._spread = math.sqrt(model.jitter_var) if model.quantum_jitter else 0.0
        self.band_rows = jitter_block_rows(spec.shape[1]) if self._spread else 0

    def forcing(self, first_step: int, steps: int, rows: range) -> tuple[Any, ...]:
        """Growth events of the steps, and jitter when there is any (then steps is 1)."""
        spec, dtype = self._spec, self._spec.dtype
        events = growth_events(spec.seed, first_step, steps, spec.cells, self._model.spike_probability)
        noise = np.empty((0, 0), dtype)
        if self._spread:
            noise = jitter(spec.seed, first_step, rows, spec.shape[1], self._spread).astype(dtype, copy=False)
        return events.cell, events.rise_mv.astype(dtype, copy=False), noise

    def growth_events(self, first_step: int, steps: int) -> int:
        """How many growth events these steps hold."""
        spec = self._spec
        events = growth_events(spec.seed, first_step, steps, spec.cells, self._model.spike_probability)
        return int(np.count_nonzero(events.cell >= 0))

    def reference(self, state: Array, ghosts: Ghosts, step: int) -> Array:
        """One step in plain numpy."""
        forcing = MyceliumForcing(*self.forcing(step, 1, range(self._spec.shape[0])))
        return mycelium_reference(state, ghosts, self._scalars, forcing)


def program(spec: SimulationSpec) -> Program:
    """The program of a valid spec that EULER steps."""
    if spec.stepper is not Stepper.EULER:
        raise ValueError(f"no program steps with {spec.stepper.name}")
    if isinstance(spec.model, Mycelium):
        return MyceliumProgram(spec, spec.model)
    if isinstance(spec.model, TwoSpeciesModel):
        return TwoSpeciesProgram(spec, spec.model)
    raise TypeError(f"no program computes {type(spec.model).__name__}")


def _mycelium_scalars(model: Mycelium, cast: Callable[[float], Any]) -> MyceliumScalars:
    on = 1.0 if model.turing_enabled else 0.0
    rate = on * model.reaction_rate
    numbers = (
        model.alpha,
        model.activator_diffusion,
        model.inhibitor_diffusion,
        model.leak_rate,
        REST_MV,
        LOWEST_MV,
        HIGHEST_MV,
        on * model.turing_coupling_mv,
        model.turing_threshold,
        rate,
        1.0 if rate > 0 else 0.0,
        model.activator_source,
        0.0,
        2.0,
    )
    return MyceliumScalars(*(cast(number) for number in numbers))


@cache
def _kernels(name: str) -> tuple[Function, Function]:
    """The kernels (march, rows) of a model; each compiles once a precision, at its first call."""
    model = MODELS[name]
    if issubclass(model, TwoSpeciesModel):
        rows = specialise(euler_rows, f"euler_rows_{name}", kinetics=jit(model.kinetics))
    else:
        rows = jit(mycelium_rows)
    return specialise(march, f"march_{name}", rows=rows), rows
