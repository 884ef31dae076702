"""The leading Lyapunov exponents of a reaction-diffusion field."""

import math

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.dynamics.lyapunov.exponents import (
    LyapunovExponents,
    Schedule,
    check_count,
    summarise,
    undefined,
)
from mfn_grpc.core.dynamics.lyapunov.linearised import LinearisedField
from mfn_grpc.core.limits import InvalidInput, Violation
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.reaction_diffusion import Simulation, SimulationSpec, Stepper, validate

MAX_COUNT = 32
MAX_VALUES = 2**22
"""Values of all perturbations together: a step of the field, or of one of them, then takes less than 50 ms."""


def field_exponents(
    spec: SimulationSpec, count: int = 1, *, steps: int = 10_000, transient: int = 1_000, every: int = 10
) -> Pieces[LyapunovExponents]:
    """The leading `count` (1 to 32) exponents of a field: growth rates of perturbations of the discrete system.

    The linearised Euler step runs beside the field from the spec's first state for `transient` and then `steps` steps
    (the spec's own number of steps is not looked at), orthonormalised every `every` steps. First perturbations are
    drawn under the spec's seed; count x species x rows x cols is at most 2^22. A mycelium with growth events or jitter
    has the exponents of its random orbit. Raises InvalidInput, also for steppers other than EULER; NaN with a reason
    when the field diverges.
    """
    schedule = Schedule(steps, transient, every)
    _check(spec, count, schedule)
    return _measure(Simulation(spec), LinearisedField(spec, count, spec.seed), count, schedule)


def _check(spec: SimulationSpec, count: int, schedule: Schedule) -> None:
    faults = schedule.violations()
    if spec.stepper is not Stepper.EULER:
        text = f"is {spec.stepper.name}, must be EULER: the step that is linearised beside the field is Euler's"
        faults.append(Violation("stepper", spec.stepper.name, text))
    try:
        validate(spec)
    except InvalidInput as error:
        faults += [fault for fault in error.violations if fault.field != "stepper"]
    values = count * math.prod((len(spec.model.species), *spec.shape))
    if values > MAX_VALUES:
        text = f"is {count}: with species and cells {values} values, must be at most {MAX_VALUES}; shrink the grid"
        faults.append(Violation("count", str(count), f"{text} or ask for fewer exponents"))
    check_count(count, MAX_COUNT, *faults)


def _measure(
    simulation: Simulation, tangents: LinearisedField, count: int, schedule: Schedule
) -> Pieces[LyapunovExponents]:
    batches = schedule.batches()
    growth = np.zeros((1 + len(batches), count))
    yield from tangents.renormalise(np.zeros(count))
    for total, steps in zip(growth, [schedule.transient, *batches], strict=True):
        for done in range(1, steps + 1):
            yield from tangents.advance(simulation.state)
            simulation.advance(1)
            yield
            tangents.clamp(simulation.state)
            if done % schedule.every == 0 or done == steps:
                yield from tangents.renormalise(total)
                if not _is_finite(simulation, total):
                    return undefined(count, schedule, f"the field stopped being finite by step {simulation.step}")
    return summarise(growth[1:], schedule, simulation.spec.time_step)


def _is_finite(simulation: Simulation, growth: Array) -> bool:
    return simulation.is_finite() and not np.isnan(growth).any() and not np.isposinf(growth).any()
