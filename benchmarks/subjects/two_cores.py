"""One simulation in bands on two threads, against two simulations of one thread each side by side: total rates.

Gray-Scott, float64, periodic. Both ways are shared out as the server shares out a run's slice, between the calling
thread and a helper, which are not pinned, and take turns. Rates are cell updates per second on the clock, so that a
thread that waits for the other counts.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Thread

from benchmarks.measuring.rows import Row, at_least
from benchmarks.measuring.timing import interleaved
from benchmarks.stencils.races import gray_scott, on_the_clock, rate_row, steps_of
from mfn_grpc.core.reaction_diffusion import Simulation
from mfn_server.sharing import Sharing

EDGES = 512, 1024, 2048
THREADS = 2
BAR = at_least(0.9)
BLOCK = 16
CELLS = {True: 2 * 10**7, False: 10**9}
"""Cell updates of one simulation a turn, quick or not; never less than one block of steps."""


def measure(quick: bool) -> Iterator[Row]:
    """A row an edge."""
    with helped() as sharing:
        for edge in EDGES:
            rates = interleaved(contestants(edge, CELLS[quick], sharing), repeats=3 if quick else 11)
            what = f"{edge} x {edge} float64, one simulation on two cores"
            against = "two simulations on a core each"
            yield rate_row(what, against, rates["bands"], rates["apart"], BAR, "M cell updates/s")


@contextmanager
def helped() -> Iterator[Sharing]:
    """A job with THREADS - 1 helpers, which end with the context."""
    sharing = Sharing()
    sharing.enlist(THREADS - 1)
    helpers = [Thread(target=sharing.help, name="band") for _ in range(THREADS - 1)]
    for helper in helpers:
        helper.start()
    try:
        yield sharing
    finally:
        sharing.close()
        for helper in helpers:
            helper.join()


def contestants(edge: int, cells: int, sharing: Sharing) -> dict[str, Callable[[], float]]:
    """Each says how many millions of cells it updated a second."""
    steps = steps_of(edge, cells, BLOCK)
    amount, shared, alone = edge**2 * steps / 1e6, gray_scott(edge), [gray_scott(edge) for _ in range(THREADS)]

    def march(simulation: Simulation) -> None:
        simulation.advance(steps)

    bands, apart = partial(shared.advance_in_bands, steps, THREADS, sharing.share), partial(sharing.share, march, alone)
    return {"bands": partial(on_the_clock, amount, bands), "apart": partial(on_the_clock, THREADS * amount, apart)}
