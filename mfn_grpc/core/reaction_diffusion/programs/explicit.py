"""Explicit steppers: stages of fused five-point kernels, each after the ghost cells that it reads are filled."""

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.reaction_diffusion.boundary import ghosts
from mfn_grpc.core.reaction_diffusion.kernels.ghosts import fill_ghosts
from mfn_grpc.core.reaction_diffusion.kernels.runge_kutta import (
    REACHES,
    STAGES,
    RungeKuttaScalars,
    rk4_reference,
)
from mfn_grpc.core.reaction_diffusion.kernels.two_species import EulerScalars, euler_reference
from mfn_grpc.core.reaction_diffusion.models import TwoSpeciesModel
from mfn_grpc.core.reaction_diffusion.programs.base import Buffers, March, Pass, Watch, padded
from mfn_grpc.core.reaction_diffusion.programs.blocks import Blocks
from mfn_grpc.core.reaction_diffusion.programs.kernels import USED, march_of, wavefront_of
from mfn_grpc.core.reaction_diffusion.spec import SimulationSpec


class ExplicitProgram(ABC):
    """Steps in stages, one pass each, over the rows of the grid.

    scalars: constant arguments of the kernels. block: as in Pass; where it is not 0, no whole steps are marched.
    """

    scalars: tuple[Any, ...]

    def __init__(self, spec: SimulationSpec, *, stages: int = 1, states: int = 2, block: int = 0) -> None:
        self.layout = (padded(spec),) * states
        self.passes = (Pass(spec.shape[0], block),) * stages
        self.march: March | None = None if block else self._march
        self._spec = spec
        self._used = USED[spec.stepper]
        self._kernel = march_of(spec.model.name, spec.stepper)
        self._ghosts = ghosts((spec.boundaries[0], spec.boundaries[1]), spec.state_shape, spec.dtype)

    @cached_property
    def blocks(self) -> Blocks | None:
        """How several steps are made at a time; None for stages, and where noise is drawn for every step."""
        if len(self.passes) > 1 or self.march is None:
            return None
        kernel = wavefront_of(self._spec.model.name)
        return Blocks(self._spec, kernel, self._ghosts, self.scalars, self.forcing)

    def prepare(self, buffers: Buffers, number: int) -> None:
        """Fill the ghost cells that the stage reads."""
        fill_ghosts(self._used(buffers, number)[0], *self._ghosts)

    def work(self, buffers: Buffers, number: int, lines: range, step: int, watch: Watch) -> None:
        """Do some rows of a stage."""
        self._run(buffers, (number, lines.start, lines.stop), 1, self.forcing(step, 1, lines), watch)

    def _march(self, buffers: Buffers, step: int, steps: int, watch: Watch) -> None:
        whole = -1, 0, self.passes[0].lines
        self._run(buffers, whole, steps, self.forcing(step, steps, range(0)), watch)

    def _run(
        self, buffers: Buffers, part: tuple[int, int, int], steps: int, forcing: tuple[Any, ...], watch: Watch
    ) -> None:
        self._kernel(buffers, len(self.passes), part, steps, *self._ghosts, self.scalars, forcing, *watch)

    def forcing(self, first_step: int, steps: int, rows: range) -> tuple[Any, ...]:
        """The random inputs of some steps and rows; none where a model is deterministic once started."""
        return ()

    @abstractmethod
    def reference(self, state: Array, step: int) -> Array:
        """One step in plain numpy."""


class EulerProgram(ExplicitProgram):
    """Explicit Euler for a two-species model."""

    def __init__(self, spec: SimulationSpec, model: TwoSpeciesModel) -> None:
        super().__init__(spec)
        self._kinetics, self._scalars = model.kinetics, euler_scalars(spec, model)
        self.scalars = tuple(self._scalars)

    def reference(self, state: Array, step: int) -> Array:
        """One step in plain numpy."""
        return euler_reference(state, self._ghosts, self._scalars, self._kinetics)


class RungeKuttaProgram(ExplicitProgram):
    """Classical fourth-order Runge-Kutta for a two-species model."""

    def __init__(self, spec: SimulationSpec, model: TwoSpeciesModel) -> None:
        super().__init__(spec, stages=STAGES, states=4)
        cast = spec.dtype.type
        self._kinetics = model.kinetics
        self._scalars = RungeKuttaScalars(
            euler=euler_scalars(spec, model),
            reaches=tuple(cast(reach) for reach in REACHES),
            two=cast(2),
            third=cast(1 / 3),
            sixth=cast(1 / 6),
        )
        self.scalars = tuple(self._scalars.euler), *self._scalars[1:]

    def reference(self, state: Array, step: int) -> Array:
        """One step in plain numpy."""
        return rk4_reference(state, self._ghosts, self._scalars, self._kinetics)


def euler_scalars(spec: SimulationSpec, model: TwoSpeciesModel) -> EulerScalars:
    """What a whole explicit step of a model takes, in the precision of the spec."""
    dy, dx = spec.spacing
    ratio = (dy / dx) * (dy / dx)
    weights = [d * spec.time_step / (dy * dy) for d in (model.diffusion_u, model.diffusion_v)]
    cast = spec.dtype.type
    return EulerScalars(
        weight_u=cast(weights[0]),
        weight_v=cast(weights[1]),
        ratio=cast(ratio),
        centre=cast(2 + 2 * ratio),
        dt=cast(spec.time_step),
        coefficients=tuple(cast(coefficient) for coefficient in model.coefficients()),
    )
