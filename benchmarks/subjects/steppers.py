"""What a step of RK4 and of SEMI_IMPLICIT costs beside one of EULER, and what SEMI_IMPLICIT gains on stiff diffusion.

Gray-Scott at its own dt, float64, periodic, one core: the same number of steps each. Then Schnakenberg on a fine grid,
where diffusion holds EULER to a fraction of the dt that the kinetics bear: the same model time, each at 0.9 times its
own limit. Times are processor time of the thread.
"""

from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.measuring.machine import one_core
from benchmarks.measuring.rows import Row, ratio_row
from benchmarks.measuring.timing import Samples, interleaved, processor_seconds, ratio
from mfn_grpc.core.reaction_diffusion import GrayScott, Schnakenberg, Simulation, SimulationSpec, Stepper, analyze

EDGE = 256
STEPS = {True: 5, False: 100}
FINE_SPACING = 0.1
MODEL_TIME = {True: 0.5, False: 10.0}
OF_THE_LIMIT = 0.9


def measure(quick: bool) -> Iterator[Row]:
    """A row for each of the two steppers' steps, and one for stiff diffusion; no bars."""
    repeats = 3 if quick else 9
    with one_core():
        times = interleaved({stepper.name: steps_of(stepper, STEPS[quick]) for stepper in Stepper}, repeats)
        for stepper in (Stepper.RK4, Stepper.SEMI_IMPLICIT):
            what = f"a step of {stepper.name}, Gray-Scott {EDGE} x {EDGE}"
            yield _row(what, times[stepper.name], times["EULER"], STEPS[quick], "ms a step")
        stiff = {stepper.name: stiff_run(stepper, MODEL_TIME[quick]) for stepper in Stepper}
        times = interleaved(stiff, repeats)
        what = f"SEMI_IMPLICIT over the same model time, Schnakenberg {EDGE} x {EDGE}, spacing {FINE_SPACING:g}"
        yield _row(what, times["SEMI_IMPLICIT"], times["EULER"], 1, "ms")


def steps_of(stepper: Stepper, steps: int) -> Callable[[], float]:
    """So many steps of a run that goes on from turn to turn; the seconds they take."""
    spec = SimulationSpec(GrayScott(), steps=10**8, shape=(EDGE, EDGE), stepper=stepper)
    return partial(processor_seconds, partial(Simulation(spec).advance, steps))


def stiff_run(stepper: Stepper, model_time: float) -> Callable[[], float]:
    """A stretch of model time on a grid so fine that diffusion is stiff, at most of the stepper's own limit."""
    spec = SimulationSpec(Schnakenberg(), shape=(EDGE, EDGE), spacing=(FINE_SPACING, FINE_SPACING), stepper=stepper)
    limit = next(each.max_dt for each in analyze(spec).step_limits if each.stepper is stepper)
    dt = OF_THE_LIMIT * limit
    spec = SimulationSpec(spec.model, 10**8, spec.shape, spec.spacing, dt=dt, stepper=stepper)
    return partial(processor_seconds, partial(Simulation(spec).advance, max(1, round(model_time / dt))))


def _row(what: str, ours: Samples, euler: Samples, steps: int, unit: str) -> Row:
    figure = f"{1e3 * ours.median / steps:,.3g} against {1e3 * euler.median / steps:,.3g} {unit}"
    return ratio_row(what, "EULER", ratio(ours, euler), figure, {"ours": ours, "EULER": euler})
