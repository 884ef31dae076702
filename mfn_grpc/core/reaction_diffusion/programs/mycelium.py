"""The discrete-time mycelium model: one explicit stage, with growth events and jitter handed in as data."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.reaction_diffusion.kernels.mycelium import MyceliumForcing, MyceliumScalars, mycelium_reference
from mfn_grpc.core.reaction_diffusion.models import Mycelium
from mfn_grpc.core.reaction_diffusion.models.mycelium import HIGHEST_MV, LOWEST_MV, REST_MV
from mfn_grpc.core.reaction_diffusion.programs.explicit import ExplicitProgram
from mfn_grpc.core.reaction_diffusion.randomness import growth_events, jitter, jitter_block_rows
from mfn_grpc.core.reaction_diffusion.spec import SimulationSpec


class MyceliumProgram(ExplicitProgram):
    """One step is one pass; with jitter its rows come in blocks, because the noise of a block is drawn whole."""

    def __init__(self, spec: SimulationSpec, model: Mycelium) -> None:
        self._spread = math.sqrt(model.jitter_var) if model.quantum_jitter else 0.0
        super().__init__(spec, block=jitter_block_rows(spec.shape[1]) if self._spread else 0)
        self._spec, self._model = spec, model
        self._scalars = _scalars(model, spec.dtype.type)
        self.scalars = tuple(self._scalars)

    def forcing(self, first_step: int, steps: int, rows: range) -> tuple[Any, ...]:
        """Growth events of the steps, and jitter of the rows when there is any (then steps is 1)."""
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

    def reference(self, state: Array, step: int) -> Array:
        """One step in plain numpy."""
        forcing = MyceliumForcing(*self.forcing(step, 1, range(self._spec.shape[0])))
        return mycelium_reference(state, self._ghosts, self._scalars, forcing)


def _scalars(model: Mycelium, cast: Callable[[float], Any]) -> MyceliumScalars:
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
