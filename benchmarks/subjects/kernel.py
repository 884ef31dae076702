"""Gray-Scott, float64, periodic, Euler, on one core: our kernel against the same stencil in C.

C and our kernel take turns in the same memory, see `c_stencil`; the np.roll loop has memory of its own. Rates are cell
updates per second of the thread's processor time.
"""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from benchmarks.measuring.machine import one_core
from benchmarks.measuring.rows import Row, at_least
from benchmarks.measuring.timing import interleaved
from benchmarks.stencils.c_stencil import CStencil, compiled, compiler
from benchmarks.stencils.numpy_loop import RollLoop
from benchmarks.stencils.races import gray_scott, millions, rate_row, steps_of
from mfn_grpc.core.reaction_diffusion import GrayScott

EDGES = 128, 512
AGAINST_C = at_least(0.85)
CELLS = {True: 10**7, False: 3 * 10**8}
"""Cell updates a turn, quick or not."""
SETTLING_STEPS = 500
NUMPY_IS_SLOWER_BY = 20
UNIT = "M cell updates/s"


def measure(quick: bool) -> Iterator[Row]:
    """Two rows an edge: against C, and against np.roll."""
    with ExitStack() as stack:
        stack.enter_context(one_core())
        library = stack.enter_context(compiled()) if compiler() else None
        for edge in EDGES:
            yield from _race(edge, library, quick=quick)


def _race(edge: int, library: ctypes.CDLL | None, *, quick: bool) -> Iterator[Row]:
    contestants = _contestants(edge, library, cells=CELLS[quick])
    rates = interleaved(contestants, repeats=3 if quick else 15)
    what = f"{edge} x {edge} float64, one core"
    if library is None:
        yield Row(what, "C stencil", unit="x", bar=AGAINST_C, skipped="gcc is not on this machine")
    else:
        yield rate_row(what, "C stencil", rates["ours"], rates["C stencil"], AGAINST_C, UNIT)
    yield rate_row(what, "np.roll loop", rates["ours"], rates["np.roll loop"], None, UNIT)


def _contestants(edge: int, library: ctypes.CDLL | None, cells: int) -> dict[str, Callable[[], float]]:
    """Each updates about so many cells and says how many it made a second, in millions; numpy gets fewer."""
    simulation = gray_scott(edge)
    simulation.advance(SETTLING_STEPS)
    advances = {"ours": simulation.advance}
    if library is not None:
        advances["C stencil"] = CStencil(library, simulation).advance
    steps = steps_of(edge, cells)
    contestants = {name: millions(edge, advance, steps) for name, advance in advances.items()}
    loop = RollLoop(GrayScott(), simulation.spec.time_step, simulation.state)
    return contestants | {"np.roll loop": millions(edge, loop.advance, max(1, steps // NUMPY_IS_SLOWER_BY))}
