"""Gray-Scott on grids far beyond the cache, float64, one core: against what the memory allows a kernel without blocks.

Such a kernel reads both species from memory and writes both at every step, 48 bytes a cell. The memory's rate is
measured in turns with ours, with ordinary stores, see `bandwidth`. The same simulation told to make one step at a time,
which makes no blocks, is printed beside it. Rates are cell updates per second of the thread's processor time.
"""

from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.measuring.machine import one_core
from benchmarks.measuring.rows import Row, at_least
from benchmarks.measuring.timing import interleaved, rate
from benchmarks.stencils.bandwidth import STEP_BYTES, OrdinaryStores
from benchmarks.stencils.races import gray_scott, millions, rate_row, steps_of
from mfn_grpc.core.reaction_diffusion import Simulation

EDGES = 2048, 4096
BAR = at_least(1.2)
BLOCK = 16
CELLS = {True: 3 * 10**7, False: 6 * 10**8}
"""Cell updates a turn, quick or not; never less than one block of steps."""
PLAIN_IS_FEWER_BY = 2
NUMBERS = 2**24
UNIT = "M cell updates/s"


def measure(quick: bool) -> Iterator[Row]:
    """Two rows an edge: against the memory's bandwidth, and against the plain march."""
    memory = OrdinaryStores(NUMBERS)
    with one_core():
        for edge in EDGES:
            yield from _race(edge, memory, quick=quick)


def _race(edge: int, memory: OrdinaryStores, *, quick: bool) -> Iterator[Row]:
    steps = steps_of(edge, CELLS[quick], BLOCK)
    blocked, plain = gray_scott(edge), gray_scott(edge)
    contestants: dict[str, Callable[[], float]] = {
        "ours": millions(edge, blocked.advance, steps),
        "bandwidth": partial(rate, memory.nbytes / STEP_BYTES / 1e6, memory.write),
        "plain": millions(edge, partial(one_by_one, plain), steps // PLAIN_IS_FEWER_BY),
    }
    rates = interleaved(contestants, repeats=3 if quick else 9)
    what = f"{edge} x {edge} float64, one core"
    yield rate_row(what, "ordinary stores, 48 B a cell", rates["ours"], rates["bandwidth"], BAR, UNIT)
    yield rate_row(what, "step by step", rates["ours"], rates["plain"], None, UNIT)


def one_by_one(simulation: Simulation, steps: int) -> None:
    """Make steps that are no block."""
    for _ in range(steps):
        simulation.advance(1)
