"""What subjects about cell updates share: simulations to be advanced, their rates, and rows that compare two rates."""

import time
from collections.abc import Callable
from functools import partial

from benchmarks.measuring.rows import Bar, Row, ratio_row
from benchmarks.measuring.timing import Samples, rate, ratio
from mfn_grpc.core.reaction_diffusion import GrayScott, Precision, Simulation, SimulationSpec

MOST_STEPS = 100_000_000


def gray_scott(edge: int, precision: Precision = Precision.FLOAT64) -> Simulation:
    """A periodic Gray-Scott simulation of edge x edge cells by EULER, at its beginning."""
    return Simulation(SimulationSpec(GrayScott(), steps=MOST_STEPS, shape=(edge, edge), precision=precision))


def steps_of(edge: int, cells: int, whole: int = 2) -> int:
    """Steps that update about so many cells: a multiple of `whole`, and at least one such."""
    return max(1, cells // edge**2 // whole) * whole


def millions(edge: int, advance: Callable[[int], object], steps: int) -> Callable[[], float]:
    """Makes so many steps; millions of cell updates per second of the thread's processor time."""
    return partial(rate, edge**2 * steps / 1e6, partial(advance, steps))


def on_the_clock(amount: float, work: Callable[[], object]) -> float:
    """Amount per second on the clock, for work that several threads share."""
    started = time.perf_counter()
    work()
    return amount / (time.perf_counter() - started)


def rate_row(what: str, against: str, ours: Samples, theirs: Samples, bar: Bar | None, unit: str) -> Row:
    """Our rate as a multiple of theirs, turn by turn; `unit` says what the rates count."""
    figure = f"{ours.median:,.0f} against {theirs.median:,.0f} {unit}"
    return ratio_row(what, against, ratio(ours, theirs), figure, {"ours": ours, against: theirs}, bar)
