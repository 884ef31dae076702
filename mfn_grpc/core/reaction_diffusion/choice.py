"""Which stepper runs a spec whose caller left it open: the cheapest that is stable at its dt."""

import math
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from mfn_grpc.core.reaction_diffusion.models import Mycelium
from mfn_grpc.core.reaction_diffusion.spec import SimulationSpec, is_analysable, step_limits
from mfn_grpc.core.reaction_diffusion.stability import Stepper

LIMIT_DIGITS = 5
COSTS = {
    Stepper.EULER: "it costs least",
    Stepper.RK4: "a step costs about five times one of EULER",
    Stepper.SEMI_IMPLICIT: "a step costs about thirty times one of EULER",
}
"""In round words what `make bench ARGS=steppers` measures at 256 x 256 cells."""


@dataclass(frozen=True)
class StepperChoice:
    """A stepper, and in one sentence why it."""

    stepper: Stepper
    reason: str


def choose_stepper(spec: SimulationSpec) -> StepperChoice:
    """The stepper for a spec, valid or not, that leaves it open; what its `stepper` says is not looked at.

    EULER, RK4 and SEMI_IMPLICIT in this order, by what a step costs: the first that can run the spec and whose largest
    stable dt is not below its dt. EULER where there is none, so that `validate` refuses the dt with every limit.
    SEMI_IMPLICIT is left to be named where no steady state is stable: then theory knows no limit, and none is not a
    reason to trust any dt.
    """
    if isinstance(spec.model, Mycelium):
        return StepperChoice(Stepper.EULER, "EULER: mycelium is a discrete-time model.")
    if not is_analysable(spec):
        return StepperChoice(Stepper.EULER, "EULER: limits of a faulty spec are not known.")
    dt, passed, unlimited = spec.time_step, list[str](), list[str]()
    for stepper, limit in step_limits(spec).items():
        if math.isinf(limit.max_dt):
            unlimited.append(stepper.name)
        elif dt <= limit.max_dt:
            beyond = f" and beyond that of {' and '.join(passed)}" if passed else ""
            within = f"dt {dt} is within its limit of {_shortened(limit.max_dt)}{beyond}"
            return StepperChoice(stepper, f"{stepper.name}: {within}; {COSTS[stepper]}.")
        else:
            passed.append(f"{stepper.name} ({_shortened(limit.max_dt)})")
    unknown = f"no steady state is stable, so that no limit of {' or '.join(unlimited)} is known"
    if not passed:
        return StepperChoice(Stepper.EULER, f"EULER: {unknown}; it costs least.")
    remedy = f"; {unknown}: it runs where it is named" if unlimited else ""
    return StepperChoice(Stepper.EULER, f"EULER: dt {dt} is beyond the limit of {' and '.join(passed)}{remedy}.")


def _shortened(limit: float) -> str:
    """A limit to a few digits, never rounded up: what is stated is stable."""
    exact = Decimal(limit)
    last = Decimal(1).scaleb(exact.adjusted() - LIMIT_DIGITS + 1)
    return str(float(exact.quantize(last, ROUND_DOWN)))
