"""float32 against float64 on the same grid: half the bytes, and twice the numbers in a vector.

Gray-Scott, periodic, one core; rates are cell updates per second of the thread's processor time.
"""

from collections.abc import Iterator

from benchmarks.measuring.machine import one_core
from benchmarks.measuring.rows import Row, at_least
from benchmarks.measuring.timing import interleaved
from benchmarks.stencils.races import gray_scott, millions, rate_row, steps_of
from mfn_grpc.core.reaction_diffusion import Precision

EDGES = 128, 512, 2048
BAR = at_least(1.7)
BLOCK = 16
CELLS = {True: 3 * 10**7, False: 3 * 10**8}
"""Cell updates a turn, quick or not; never less than one block of steps."""


def measure(quick: bool) -> Iterator[Row]:
    """A row an edge."""
    with one_core():
        for edge in EDGES:
            steps = steps_of(edge, CELLS[quick], BLOCK)
            runs = {each.value: millions(edge, gray_scott(edge, each).advance, steps) for each in Precision}
            rates = interleaved(runs, repeats=3 if quick else 11)
            single, double = (rates[each.value] for each in (Precision.FLOAT32, Precision.FLOAT64))
            yield rate_row(f"{edge} x {edge} float32, one core", "float64", single, double, BAR, "M cell updates/s")
