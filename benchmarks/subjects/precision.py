"""float32 against float64 on the same grid: half the bytes, and twice the numbers in a vector.

Gray-Scott, periodic, one core; rates are cell updates per second of the thread's processor time. Both start from a
pattern that fills the grid. From the default start v decays as exp(-(F + k) t) between its seeds until they have
spread, and for some hundred steps v^2 and then v lie below the normal numbers of float32, with which the processor
computes slowly; in float64 they do not get so low. A row without a bar says what that costs while it lasts.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np

from benchmarks.measuring.machine import one_core
from benchmarks.measuring.rows import Bar, Row, at_least
from benchmarks.measuring.timing import interleaved
from benchmarks.stencils.races import MOST_STEPS, gray_scott, millions, rate_row, steps_of
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.reaction_diffusion import GrayScott, Precision, Simulation, SimulationSpec

EDGES = 128, 512, 2048
BAR = at_least(1.7)
BLOCK = 16
CELLS = {True: 3 * 10**7, False: 3 * 10**8}
"""Cell updates a turn, quick or not; never less than one block of steps."""
TILE_EDGE = 64
TILE_STEPS = 8000
"""After as many v is above 0.003 in every cell of a tile."""
UNDERFLOW_EDGE = 2048
UNDERFLOW_STEPS = 400
"""After as many v^2 lies below the normal numbers of float32 in a tenth of the cells."""


def measure(quick: bool) -> Iterator[Row]:
    """A row an edge, then one while v underflows."""
    with one_core():
        for edge in EDGES:
            runs = {each: patterned(edge, each) for each in Precision}
            yield _race(f"{edge} x {edge} float32, one core", runs, CELLS[quick], BAR, repeats=3 if quick else 11)
        runs = {each: underflowing(UNDERFLOW_EDGE, each) for each in Precision}
        what = f"{UNDERFLOW_EDGE} x {UNDERFLOW_EDGE} float32 while v underflows, one core"
        yield _race(what, runs, UNDERFLOW_EDGE**2 * BLOCK, None, repeats=3)


def patterned(edge: int, precision: Precision) -> Simulation:
    """A simulation that starts from copies of one tile of pattern."""
    copies = -(-edge // TILE_EDGE)
    state = np.tile(_tile(), (1, copies, copies))[:, :edge, :edge]
    spec = SimulationSpec(GrayScott(), steps=MOST_STEPS, shape=(edge, edge), precision=precision, initial_state=state)
    return Simulation(spec)


def underflowing(edge: int, precision: Precision) -> Simulation:
    """A simulation from the default start, at the step at which most of its v^2 underflow in float32."""
    simulation = gray_scott(edge, precision)
    simulation.advance(UNDERFLOW_STEPS)
    return simulation


@cache
def _tile() -> Array:
    simulation = gray_scott(TILE_EDGE)
    simulation.advance(TILE_STEPS)
    return simulation.state.copy()


def _race(what: str, runs: dict[Precision, Simulation], cells: int, bar: Bar | None, repeats: int) -> Row:
    edge = runs[Precision.FLOAT32].spec.shape[0]
    steps = steps_of(edge, cells, BLOCK)
    contestants = {each.value: millions(edge, run.advance, steps) for each, run in runs.items()}
    rates = interleaved(contestants, repeats)
    single, double = (rates[each.value] for each in (Precision.FLOAT32, Precision.FLOAT64))
    return rate_row(what, "float64", single, double, bar, "M cell updates/s")
