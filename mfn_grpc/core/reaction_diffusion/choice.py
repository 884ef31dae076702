"""Which stepper runs a spec whose caller left it open: the cheapest that is stable at its dt."""

from dataclasses import dataclass

from mfn_grpc.core.reaction_diffusion.models import Mycelium
from mfn_grpc.core.reaction_diffusion.spec import SimulationSpec, is_analysable, step_limits
from mfn_grpc.core.reaction_diffusion.stability import Stepper


@dataclass(frozen=True)
class StepperChoice:
    """A stepper, and in one sentence why it."""

    stepper: Stepper
    reason: str


def choose_stepper(spec: SimulationSpec) -> StepperChoice:
    """The stepper for a spec, valid or not, that leaves it open; what its `stepper` says is not looked at.

    EULER, RK4 and SEMI_IMPLICIT in this order, by what a step costs: the first that can run the spec and whose largest
    stable dt is not below its dt. EULER where there is none, so that `validate` refuses the dt with every limit.
    """
    if isinstance(spec.model, Mycelium):
        return StepperChoice(Stepper.EULER, "EULER: mycelium is a discrete-time model.")
    if not is_analysable(spec):
        return StepperChoice(Stepper.EULER, "EULER: limits of a faulty spec are not known.")
    dt, passed = spec.time_step, list[str]()
    for stepper, limit in step_limits(spec).items():
        if dt <= limit.max_dt:
            beyond = f" and beyond that of {' and '.join(passed)}" if passed else "; it costs least"
            return StepperChoice(stepper, f"{stepper.name}: dt {dt} is within its limit of {limit.max_dt}{beyond}.")
        passed.append(f"{stepper.name} ({limit.max_dt})")
    return StepperChoice(Stepper.EULER, f"EULER: dt {dt} is beyond the limit of {' and '.join(passed)}.")
