"""Simulations and what is measured on their fields: time and memory against cells and steps."""

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from benchmarks.growth.costs import milliseconds, peak_mib
from benchmarks.growth.ladder import FLAT, Ladder
from mfn_grpc.core import features, fractals, reaction_diffusion
from mfn_grpc.core.features import History, Thresholds
from mfn_grpc.core.fractals import estimate_dimension
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.reaction_diffusion import GrayScott, Mycelium, Simulation, SimulationSpec

Array = np.ndarray[Any, np.dtype[Any]]
IN_CACHE = {True: (32, 64, 128), False: (64, 96, 128, 192, 256)}
"""Edges of grids whose four buffers, 32 bytes a cell, a core's own cache or the next one holds."""
OUT_OF_CACHE = {True: (128, 192, 256), False: (1024, 1448, 2048, 2896)}
CELL_STEPS = {True: 10**6, False: 4 * 10**7}
STEPS = {True: (100, 200, 400), False: (500, 1000, 2000, 4000, 8000)}
STEPS_EDGE = 64
FIELD_EDGES = {True: (32, 64, 128), False: (64, 128, 256, 512, 1024)}
MASK_EDGES = {True: (64, 128, 256), False: (256, 512, 1024, 2048, 4096)}
MANY_STEPS = 10**8


def ladders(quick: bool) -> Iterator[Ladder]:
    """Compiled first, so that no ladder pays for it."""
    reaction_diffusion.warm_up()
    features.warm_up()
    fractals.warm_up()
    yield from _of_cells(quick)
    yield from _of_steps(quick)
    yield from _of_fields(quick)


def _of_cells(quick: bool) -> Iterator[Ladder]:
    def of_a_step(cells: int) -> float:
        simulation = _gray_scott(cells, MANY_STEPS)
        steps = max(8, CELL_STEPS[quick] // cells)
        simulation.advance(2)
        return milliseconds(lambda: simulation.advance(steps)) / steps

    def memory(cells: int) -> float:
        return peak_mib(lambda: _run(cells, 4))

    inside, outside = _cells(IN_CACHE[quick]), _cells(OUT_OF_CACHE[quick])
    yield Ladder("Gray-Scott, time of a step in cache", "cells", "ms", inside, of_a_step)
    yield Ladder("Gray-Scott, time of a step out of cache", "cells", "ms", outside, of_a_step)
    both = tuple(sorted({*inside, *outside}))
    yield Ladder("Gray-Scott, memory", "cells", "MiB", both, memory, together=False)


def _of_steps(quick: bool) -> Iterator[Ladder]:
    sizes, cells = STEPS[quick], STEPS_EDGE**2
    yield Ladder(
        "Gray-Scott, time of a run", "steps", "ms", sizes, lambda steps: milliseconds(lambda: _run(cells, steps))
    )
    yield Ladder("mycelium with 18 features at the end, time", "steps", "ms", sizes, _watched_ms)
    watched = "mycelium with 18 features at the end, memory"
    yield Ladder(watched, "steps", "MiB", sizes, _watched_mib, FLAT, together=False)


def _of_fields(quick: bool) -> Iterator[Ladder]:
    fields, masks = _cells(FIELD_EDGES[quick]), _cells(MASK_EDGES[quick])
    yield Ladder("18 features of a field, time", "cells", "ms", fields, lambda n: milliseconds(lambda: _features(n)))
    yield Ladder(
        "18 features of a field, memory",
        "cells",
        "MiB",
        fields,
        lambda n: peak_mib(lambda: _features(n)),
        together=False,
    )
    yield Ladder("box counting, time", "cells", "ms", masks, lambda n: milliseconds(lambda: _boxes(n)))
    yield Ladder("box counting, memory", "cells", "MiB", masks, lambda n: peak_mib(lambda: _boxes(n)), together=False)


def _cells(edges: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(edge**2 for edge in edges)


def _edge(cells: int) -> int:
    return math.isqrt(cells)


def _gray_scott(cells: int, steps: int) -> Simulation:
    return Simulation(SimulationSpec(GrayScott(), steps=steps, shape=(_edge(cells), _edge(cells))))


def _run(cells: int, steps: int) -> Simulation:
    simulation = _gray_scott(cells, steps)
    simulation.advance(steps)
    return simulation


def _watched(steps: int) -> object:
    simulation = Simulation(SimulationSpec(Mycelium(), steps=steps, shape=(STEPS_EDGE, STEPS_EDGE)), watched=0)
    simulation.advance(steps)
    history: History | None = simulation.history
    return finish(features.measure(simulation.state[0], history, Thresholds()))


def _watched_ms(steps: int) -> float:
    return milliseconds(lambda: _watched(steps))


def _watched_mib(steps: int) -> float:
    return peak_mib(lambda: _watched(steps))


@cache
def _field(cells: int) -> Array:
    """A rough random field in mV, about half of whose cells are active."""
    return np.random.default_rng(0).normal(-50.0, 10.0, (_edge(cells), _edge(cells)))


@cache
def _mask(cells: int) -> Array:
    return np.random.default_rng(0).random((_edge(cells), _edge(cells))) < 0.2


def _features(cells: int) -> object:
    return finish(features.measure(_field(cells), None, Thresholds()))


def _boxes(cells: int) -> object:
    return finish(estimate_dimension(_mask(cells)))
