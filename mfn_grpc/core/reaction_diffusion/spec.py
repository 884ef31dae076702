"""What to simulate: one frozen value that determines every bit of the result."""

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np

from mfn_grpc.core.bands import bands
from mfn_grpc.core.limits import SEED, InvalidInput, Limit, UnstableSpec, Violation
from mfn_grpc.core.pieces import Pieces, finish
from mfn_grpc.core.reaction_diffusion import stability
from mfn_grpc.core.reaction_diffusion.boundary import AxisBoundary, BoundaryKind
from mfn_grpc.core.reaction_diffusion.models import Model, Mycelium
from mfn_grpc.core.reaction_diffusion.stability import StepLimit, Stepper

MIN_EDGE, MAX_EDGE = 4, 4096
STEPS = Limit(1, 100_000_000, "1", "number of steps", whole=True)
INITIAL_STEP = Limit(0, 10**12, "1", "step number of the initial state", whole=True)
CHECKED_CELLS = 2**20
SPACING = Limit(1e-6, 1e6, "1", "distance between cell centres")
EDGE = Limit(MIN_EDGE, MAX_EDGE, "cells", "edge of the grid", whole=True)
TIME_STEP = Limit(1e-12, 1e6, "1", "time step")


class Precision(StrEnum):
    """Floating-point format of the state."""

    FLOAT64 = "float64"
    FLOAT32 = "float32"


@dataclass(frozen=True)
class SimulationSpec:
    """A simulation.

    model: parameters of one of the models.
    shape: rows and columns, each 4 to 4096. spacing: distance between rows and between columns.
    boundaries: conditions along rows and along columns.
    dt: time step in the model's time unit; None for the model's default.
    steps: steps to make after `initial_step`, 1 to 10^8.
    initial_state: [species, rows, cols], or None for the model's own state of the seed.
    """

    model: Model
    steps: int = 1
    shape: tuple[int, ...] = (256, 256)
    spacing: tuple[float, ...] = (1.0, 1.0)
    boundaries: tuple[AxisBoundary, ...] = (AxisBoundary(), AxisBoundary())
    dt: float | None = None
    seed: int = 0
    precision: Precision = Precision.FLOAT64
    stepper: Stepper = Stepper.EULER
    initial_state: np.ndarray[Any, np.dtype[Any]] | None = field(default=None, compare=False)
    initial_step: int | None = None

    @property
    def time_step(self) -> float:
        """The dt in force."""
        return self.model.default_dt if self.dt is None else self.dt

    @property
    def first_step(self) -> int:
        """The number of the step that the run starts from."""
        return self.initial_step or 0

    @property
    def last_step(self) -> int:
        """The number of the step that the run ends with."""
        return self.first_step + self.steps

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the state."""
        return np.dtype(self.precision.value)

    @property
    def state_shape(self) -> tuple[int, int, int]:
        """Species, rows, columns."""
        return len(self.model.species), self.shape[0], self.shape[1]

    @property
    def cells(self) -> int:
        """Cells of the grid."""
        return self.shape[0] * self.shape[1]


def analyze(spec: SimulationSpec) -> stability.StabilityReport:
    """Linear stability of a valid spec at its dt, on its grid."""
    return stability.analyze(
        spec.model.turing_system(),
        shape=(spec.shape[0], spec.shape[1]),
        spacing=(spec.spacing[0], spec.spacing[1]),
        boundary_kinds=(spec.boundaries[0].kind.value, spec.boundaries[1].kind.value),
        dt=spec.time_step,
        stepper=spec.stepper,
    )


def steppers_of(model: type[Model]) -> tuple[Stepper, ...]:
    """The steppers that can run a model: mycelium, which has discrete time, knows EULER alone."""
    return (Stepper.EULER,) if issubclass(model, Mycelium) else tuple(Stepper)


def step_limits(spec: SimulationSpec) -> dict[Stepper, StepLimit]:
    """The largest stable dt of every stepper that can run a spec with its boundaries, whatever stepper it names."""
    fixed = _has_fixed_edge(spec)
    system, spacing = spec.model.turing_system(), (spec.spacing[0], spec.spacing[1])
    return {
        stepper: stability.largest_stable_dt(system, spacing, stepper)
        for stepper in steppers_of(type(spec.model))
        if not (fixed and stepper is Stepper.SEMI_IMPLICIT)
    }


def validate(spec: SimulationSpec, *, stable: bool = True, values: bool = True) -> None:
    """Refuse a spec that cannot be run: InvalidInput names every fault, UnstableSpec a dt beyond its limit.

    Mycelium has dt = 1 always: there UnstableSpec names the rates, and by how much they must fall. With `stable=False`
    an unstable spec is let through, to be analysed. With `values=False` the values of its initial state are not looked
    at: `value_violations` does that in pieces.
    """
    faults = [
        *_model_violations(spec),
        *_grid_violations(spec),
        *_boundary_violations(spec),
        *_step_violations(spec),
        *_initial_state_violations(spec),
        *(finish(value_violations(spec)) if values else ()),
    ]
    if not _determines_stability(faults):
        unstable = [v for v in (_instability(spec),) if v and stable]
        if unstable and not faults:
            raise UnstableSpec(unstable)
        faults += unstable
    if faults:
        raise InvalidInput(faults)


def _determines_stability(faults: list[Violation]) -> bool:
    """Whether a fault concerns something that the stability limit is computed from."""
    harmless = ("steps", "seed", "initial_", "boundaries", "grid.shape")
    return any(not fault.field.startswith(harmless) for fault in faults)


def is_analysable(spec: SimulationSpec) -> bool:
    """Whether all that stability limits are computed from is valid, whatever else a spec says."""
    without_stepper = replace(spec, stepper=Stepper.EULER)
    faults = [*_model_violations(spec), *_grid_violations(spec), *_step_violations(without_stepper)]
    return not _determines_stability(faults)


def _instability(spec: SimulationSpec) -> Violation | None:
    limits = step_limits(spec)
    own = limits.pop(spec.stepper)
    if spec.time_step <= own.max_dt:
        return None
    # In full: a limit rounded up would be refused itself.
    if isinstance(spec.model, Mycelium):
        rate = spec.model.reaction_rate
        text = f"is {rate}, too fast for steps of 1: multiply it and both diffusion numbers by at most {own.max_dt}"
        return Violation(f"{spec.model.name}.reaction_rate", str(rate), text)
    others = " and ".join(f"{stepper.name} takes {_up_to(limit.max_dt)}" for stepper, limit in limits.items())
    text = f"is {spec.time_step}, must be at most {own.max_dt} for {spec.stepper.name} ({own.limited_by} limit)"
    return Violation("dt", str(spec.time_step), f"{text}; {others}")


def _up_to(max_dt: float) -> str:
    """Only a system without a stable steady state leaves a limit open."""
    return "any where it is named, as no steady state is stable" if math.isinf(max_dt) else f"up to {max_dt}"


def _model_violations(spec: SimulationSpec) -> list[Violation]:
    return [violation.under(spec.model.name) for violation in spec.model.violations()]


def _grid_violations(spec: SimulationSpec) -> list[Violation]:
    found = []
    for name, values, limit in (("grid.shape", spec.shape, EDGE), ("grid.spacing", spec.spacing, SPACING)):
        if len(values) != 2:
            found.append(Violation(name, str(list(values)), f"has {len(values)} entries, must have 2: rows, columns"))
            continue
        found += [v for i, value in enumerate(values) if (v := limit.violation(f"{name}[{i}]", value))]
    if isinstance(spec.model, Mycelium) and len(spec.spacing) == 2 and any(s != 1 for s in spec.spacing):
        found.append(Violation("grid.spacing", str(list(spec.spacing)), "must be 1, 1: mycelium measures in cells"))
    return found


def _boundary_violations(spec: SimulationSpec) -> list[Violation]:
    if len(spec.boundaries) != 2:
        text = f"has {len(spec.boundaries)} entries, must have none (periodic), one (for both axes) or 2"
        return [Violation("boundaries", str(len(spec.boundaries)), text)]
    species = len(spec.model.species)
    return [v for i, axis in enumerate(spec.boundaries) for v in axis.violations(f"boundaries[{i}]", species)]


def _step_violations(spec: SimulationSpec) -> list[Violation]:
    limits = ("steps", spec.steps, STEPS), ("seed", spec.seed, SEED), ("dt", spec.time_step, TIME_STEP)
    found = [v for name, value, limit in limits if (v := limit.violation(name, value))]
    if isinstance(spec.model, Mycelium):
        if spec.time_step != 1:
            found.append(Violation("dt", f"{spec.time_step:g}", "must be 1: mycelium is a discrete-time model"))
        if spec.stepper is not Stepper.EULER:
            found.append(Violation("stepper", spec.stepper.name, "must be EULER: mycelium is a discrete-time model"))
    elif spec.stepper is Stepper.SEMI_IMPLICIT and _has_fixed_edge(spec):
        text = "must be EULER or RK4 where an edge is FIXED, or every edge PERIODIC or NO_FLUX: its modes are theirs"
        found.append(Violation("stepper", spec.stepper.name, text))
    return found


def _has_fixed_edge(spec: SimulationSpec) -> bool:
    return any(boundary.kind is BoundaryKind.FIXED for boundary in spec.boundaries)


def _initial_state_violations(spec: SimulationSpec) -> list[Violation]:
    found = []
    if spec.initial_step is not None:
        found += [v for v in (INITIAL_STEP.violation("initial_step", spec.initial_step),) if v]
    if spec.initial_state is None:
        if spec.initial_step is not None:
            text = "is set without an initial state, must be left out or come with initial_array"
            found.append(Violation("initial_step", str(spec.initial_step), text))
        return found
    return found + _array_violations(spec, spec.initial_state)


def _array_violations(spec: SimulationSpec, state: np.ndarray[Any, np.dtype[Any]]) -> list[Violation]:
    field_name = "initial_array"
    found = []
    if state.dtype not in (np.float64, np.float32):
        text = f"is {state.dtype}, must be float64 or float32"
        found.append(Violation(f"{field_name}.element_type", str(state.dtype), text))
    if len(spec.shape) == 2 and state.shape != spec.state_shape:
        text = f"is {list(state.shape)}, must be {list(spec.state_shape)}: species, rows, columns"
        found.append(Violation(f"{field_name}.shape", str(list(state.shape)), text))
    return found


def value_violations(spec: SimulationSpec) -> Pieces[list[Violation]]:
    """That values of the initial state are not finite in the precision of the spec, whatever the state's shape."""
    state = spec.initial_state
    if state is None or state.dtype.kind != "f":
        return []
    largest, bad = np.finfo(spec.dtype).max, 0
    # Of a view that is not in order reshape makes a copy: by species it stays small.
    for part in state if state.ndim == 3 and len(state) <= len(spec.model.species) else (state,):
        flat = part.reshape(-1, 1)
        for cells in bands(flat.shape, CHECKED_CELLS):
            bad += int(np.count_nonzero(~(np.abs(flat[cells]) <= largest)))
            yield
    text = f"holds {bad} that are not finite in {spec.precision}, must hold finite numbers only"
    return [Violation("initial_array.data", f"{bad} values", text)] if bad else []
