"""The 18 features beside a simulation of 256 x 256, against the simulation alone; and of single fields.

A job is a whole run from its initial state on one core, timed by the thread's processor time. The jobs take turns, and
a ratio is of two that are neighbours in time. What is measured 20 times shows the cost of features on every frame of a
stream; it has no bar, nor has Gray-Scott, whose kernel does not tally the changes itself.
"""

import math
import time
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.measuring.machine import one_core
from benchmarks.measuring.rows import Bar, Row, at_most, ratio_row
from benchmarks.measuring.timing import Samples, interleaved, processor_seconds, ratio
from mfn_grpc.core.features import Measured, Thresholds, warm_up
from mfn_grpc.core.features import measure as features_of
from mfn_grpc.core.pieces import Pieces, finish
from mfn_grpc.core.reaction_diffusion import GrayScott, Model, Mycelium, Simulation, SimulationSpec

EDGE = 256
STEPS = {True: 200, False: 1000}
"""Steps of a job, quick or not."""
REPEATS = {True: 3, False: 15}
JOBS = (Mycelium(), 1, Thresholds()), (Mycelium(), 20, Thresholds()), (GrayScott(), 1, Thresholds(0.7, 0.8, 0.9))
"""Model, reports of a run, and thresholds of the features."""
ALONE = "the simulation alone"
AT_THE_END = at_most(1.15)
FIELD_EDGES = {True: (64, 256), False: (256, 1024, 4096)}

Array = NDArray[Any]


def measure(quick: bool) -> Iterator[Row]:
    """A row for each job, one for each edge of single fields, and one that says how those grow."""
    warm_up()
    with one_core():
        yield from _beside_a_simulation(STEPS[quick], REPEATS[quick])
        yield from _of_single_fields(FIELD_EDGES[quick], REPEATS[quick])


def run_alone(model: Model, steps: int) -> Simulation:
    """A whole run, ended."""
    simulation = Simulation(_spec(model, steps))
    simulation.advance(steps)
    return simulation


def run_with_features(model: Model, steps: int, reports: int, thresholds: Thresholds) -> list[Measured]:
    """The same run with its history watched, and all features measured after each of `reports` equal parts."""
    simulation = Simulation(_spec(model, steps), watched=0)
    measured = []
    for before, after in pairwise(steps * part // reports for part in range(reports + 1)):
        simulation.advance(after - before)
        measured.append(finish(features_of(simulation.state[0], simulation.history, thresholds)))
    return measured


def _spec(model: Model, steps: int) -> SimulationSpec:
    return SimulationSpec(model, steps=steps, shape=(EDGE, EDGE))


def _beside_a_simulation(steps: int, repeats: int) -> Iterator[Row]:
    for model, reports, thresholds in JOBS:
        alone = partial(run_alone, model, steps)
        ours = partial(run_with_features, model, steps, reports, thresholds)
        times = interleaved(
            {ALONE: partial(processor_seconds, alone), "ours": partial(processor_seconds, ours)}, repeats
        )
        when = "18 features at the end" if reports == 1 else f"18 features {reports} times"
        bar = AT_THE_END if (model.name, reports) == (Mycelium.name, 1) else None
        yield _row(f"{model.name} {EDGE} x {EDGE}, {steps} steps, {when}", times["ours"], times[ALONE], bar)


def _row(what: str, ours: Samples, alone: Samples, bar: Bar | None) -> Row:
    figure = f"{1e3 * ours.median:,.0f} ms against {1e3 * alone.median:,.0f} ms"
    return ratio_row(what, ALONE, ratio(ours, alone), figure, {"ours": ours, ALONE: alone}, bar)


def _of_single_fields(edges: tuple[int, ...], repeats: int) -> Iterator[Row]:
    """Time of a field's features by its edge, and the exponent by which it grows with the cells; no bars."""
    medians = []
    for edge in edges:
        field = _field(edge)
        times = interleaved({"ours": partial(processor_seconds, partial(_measure, field))}, repeats)["ours"]
        medians.append(times.median)
        yield Row(
            f"18 features of one field, {edge} x {edge} float64",
            value=1e3 * times.median,
            unit="ms",
            spread=times.spread,
            figure=f"{edge**2 / times.median / 1e6:,.0f} M cells/s, longest piece {1e3 * _longest(field):.1f} ms",
            samples={"ours": times.values},
        )
    exponent = np.polyfit([2 * math.log(edge) for edge in edges], np.log(medians), 1)[0]
    yield Row("exponent of that time over the cells", value=float(exponent), figure=f"edges {edges}")


def _field(edge: int) -> Array:
    """A smooth random field, about half of whose cells are active."""
    noise = np.random.default_rng(0).normal(size=(edge, edge))
    return np.asarray(60.0 * ndimage.gaussian_filter(noise, 2.0) - 50.0)


def _pieces(field: Array) -> Pieces[Measured]:
    return features_of(field, None, Thresholds())


def _measure(field: Array) -> Measured:
    return finish(_pieces(field))


def _longest(field: Array) -> float:
    """Processor time of the longest piece, in seconds."""
    pieces, longest = _pieces(field), 0.0
    ended = False
    while not ended:
        started = time.thread_time()
        ended = next(pieces, True) is True
        longest = max(longest, time.thread_time() - started)
    return longest
