"""One simulation in bands on two threads, against two simulations of one thread each side by side: total rates.

Gray-Scott, float64, periodic. Both ways use the same two threads of a pool, which are not pinned, and take turns. Rates
are cell updates per second on the clock, so that a thread that waits for the other counts.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial

from benchmarks.measuring.rows import Row, at_least
from benchmarks.measuring.timing import interleaved
from benchmarks.stencils.races import gray_scott, on_the_clock, rate_row, steps_of

EDGES = 512, 1024, 2048
THREADS = 2
BAR = at_least(0.9)
BLOCK = 16
CELLS = {True: 2 * 10**7, False: 10**9}
"""Cell updates of one simulation a turn, quick or not; never less than one block of steps."""


def measure(quick: bool) -> Iterator[Row]:
    """A row an edge."""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="band") as pool:
        for edge in EDGES:
            rates = interleaved(contestants(edge, CELLS[quick], pool), repeats=3 if quick else 11)
            what = f"{edge} x {edge} float64, one simulation on two cores"
            against = "two simulations on a core each"
            yield rate_row(what, against, rates["bands"], rates["apart"], BAR, "M cell updates/s")


def contestants(edge: int, cells: int, pool: Executor) -> dict[str, Callable[[], float]]:
    """Each says how many millions of cells it updated a second."""
    steps = steps_of(edge, cells, BLOCK)
    amount, shared, alone = edge**2 * steps / 1e6, gray_scott(edge), [gray_scott(edge) for _ in range(THREADS)]

    def apart() -> None:
        for _ in pool.map(lambda simulation: simulation.advance(steps), alone):
            pass

    bands = partial(shared.advance_in_bands, steps, THREADS, pool.map)
    return {"bands": partial(on_the_clock, amount, bands), "apart": partial(on_the_clock, THREADS * amount, apart)}
