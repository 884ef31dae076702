"""An ensemble of small grids: on two threads against one, and against the same simulations taking short turns.

Gray-Scott, 64 x 64, float64, periodic. The ensemble makes all steps of a member before the next begins, in the cache;
the simulations beside it, all open at once, make ten steps each in turn on one thread, as a loop over time with a loop
over members inside it would. Rates are members per second on the clock, each through all its steps.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from benchmarks.measuring.rows import Row
from benchmarks.measuring.timing import interleaved
from benchmarks.stencils.races import on_the_clock, rate_row
from mfn_grpc.core.reaction_diffusion import Ensemble, GrayScott, Simulation, SimulationSpec

EDGE = 64
MEMBERS = {True: 16, False: 256}
STEPS = {True: 100, False: 500}
TURN_STEPS = 10
THREADS = 2


def measure(quick: bool) -> Iterator[Row]:
    """Two rows, without bars."""
    members, steps = MEMBERS[quick], STEPS[quick]
    spec = SimulationSpec(GrayScott(), steps=10**8, shape=(EDGE, EDGE))
    with ThreadPoolExecutor(THREADS, thread_name_prefix="member") as pool:
        rates = interleaved(contestants(spec, members, steps, pool), repeats=3 if quick else 9)
    what, unit = f"{members} members of {EDGE} x {EDGE}, {steps} steps", "members/s"
    yield rate_row(f"{what}, two threads", "one thread", rates["two threads"], rates["one thread"], None, unit)
    yield rate_row(f"{what}, one thread", "turns of 10 steps", rates["one thread"], rates["turns"], None, unit)


def contestants(
    spec: SimulationSpec, members: int, steps: int, pool: ThreadPoolExecutor
) -> dict[str, Callable[[], float]]:
    """Each makes the same steps of all members and says how many members it finished a second."""
    ensemble = Ensemble(spec, tuple(range(members)))
    start = ensemble.begin()
    open_ones = [Simulation(replace(spec, seed=seed)) for seed in ensemble.seeds]

    def turns() -> None:
        for _ in range(steps // TURN_STEPS):
            for simulation in open_ones:
                simulation.advance(TURN_STEPS)

    return {
        "two threads": partial(on_the_clock, members, partial(ensemble.advance, start, steps, THREADS, pool.map)),
        "one thread": partial(on_the_clock, members, partial(ensemble.advance, start, steps)),
        "turns": partial(on_the_clock, members, turns),
    }
