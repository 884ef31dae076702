"""Fractal analysis: box counting of 4096 x 4096 cells, the chaos game, lacunarity and generalised dimensions.

Box counting has its bar in milliseconds, and beside it the bare limit: one pass that reads the same mask. Everything
runs on one core; times are processor time of the thread.
"""

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks.growth.costs import milliseconds
from benchmarks.measuring.machine import one_core
from benchmarks.measuring.rows import Bar, Row, at_least, at_most, ratio_row
from benchmarks.measuring.timing import Samples, interleaved, rate, ratio
from mfn_grpc.core.fractals import (
    PRESETS,
    BoxCountOptions,
    IteratedFunctionSystem,
    chaos_game,
    estimate_dimension,
    generalized_dimensions,
    lacunarity,
    warm_up,
)
from mfn_grpc.core.pieces import finish

Array = np.ndarray[Any, np.dtype[Any]]

EDGE = 4096
SMALL_EDGE = 256
"""Edge of the masks that features are taken from in every frame."""
LOOP_EDGE = 64
"""Edge of the fields that plain loops can bear."""
FILL = 0.2
POINTS = {True: 10**6, False: 10**7}
LOOP_POINTS = 20_000
BOX_EDGES = (2, 8, 32)
ORDERS = (-2.0, 0.0, 1.0, 2.0)

BOX_COUNT_BAR = at_most(150)
POINTS_BAR = at_least(10)


def measure(quick: bool) -> Iterator[Row]:
    """Rows of box counting, the chaos game, lacunarity and generalised dimensions."""
    repeats = 3 if quick else 9
    with one_core():
        warm_up()
        yield from _box_counting(repeats)
        yield _small_masks(repeats)
        yield from _chaos_game(POINTS[quick], repeats)
        yield from _against_loops(repeats)


def _box_counting(repeats: int) -> Iterator[Row]:
    mask = np.random.default_rng(0).random((EDGE, EDGE)) < FILL
    smallest = BoxCountOptions(minimize_over_offsets=True)
    times = interleaved(
        {
            "box counting": partial(milliseconds, lambda: finish(estimate_dimension(mask))),
            "smallest over all offsets": partial(milliseconds, lambda: _smallest(mask, smallest)),
            "one read of the mask": partial(milliseconds, lambda: np.count_nonzero(mask)),
        },
        repeats,
    )
    bare = times["one read of the mask"]
    yield _timed(f"box counting, {EDGE} x {EDGE}, all dyadic scales", times["box counting"], BOX_COUNT_BAR, bare)
    yield _timed(
        f"the same, smallest over all offsets, {EDGE} x {EDGE}", times["smallest over all offsets"], None, bare
    )


def _smallest(mask: Array, options: BoxCountOptions) -> object:
    return finish(estimate_dimension(mask, options=options))


def _timed(what: str, ours: Samples, bar: Bar | None, bare: Samples) -> Row:
    times = ratio(ours, bare).median
    figure = f"{ours.median:.1f} ms, {times:,.0f} times one read of the mask ({bare.median:.2f} ms)"
    samples = {"ours": ours.values, "one read of the mask": bare.values}
    return Row(what, "", ours.median, "ms", bar, ours.spread, figure, samples)


def _small_masks(repeats: int) -> Row:
    mask = np.random.default_rng(0).random((SMALL_EDGE, SMALL_EDGE)) < FILL
    calls = 50
    timed = interleaved(
        {"ours": lambda: milliseconds(lambda: [finish(estimate_dimension(mask)) for _ in range(calls)]) / calls},
        repeats,
    )["ours"]
    what = f"box counting, {SMALL_EDGE} x {SMALL_EDGE}, as features do in every frame"
    return Row(what, "", timed.median, "ms", None, timed.spread, f"{timed.median:.3f} ms", {"ours": timed.values})


def _chaos_game(points: int, repeats: int) -> Iterator[Row]:
    for name, system in PRESETS.items():
        rates = interleaved(
            {
                "ours": partial(rate, points / 1e6, partial(chaos_game, system, points, 0)),
                "plain loop": partial(rate, LOOP_POINTS / 1e6, partial(game_loop, system, LOOP_POINTS)),
            },
            repeats,
        )
        ours, loop = rates["ours"], rates["plain loop"]
        figure = (
            f"{ours.median:.0f} M points/s, {ratio(ours, loop).median:,.0f} times a plain loop ({loop.median:.2f} M)"
        )
        samples = {"ours": ours.values, "plain loop": loop.values}
        yield Row(f"chaos game, {name}", "", ours.median, "M/s", POINTS_BAR, ours.spread, figure, samples)


def _against_loops(repeats: int) -> Iterator[Row]:
    field = np.random.default_rng(0).random((LOOP_EDGE, LOOP_EDGE))
    contestants: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "lacunarity": (lambda: finish(lacunarity(field, BOX_EDGES)), lambda: lacunarity_loop(field, BOX_EDGES)),
        "generalised dimensions": (
            lambda: finish(generalized_dimensions(field, ORDERS)),
            lambda: partition_loop(field, ORDERS),
        ),
    }
    for what, (ours, loop) in contestants.items():
        times = interleaved({"ours": partial(milliseconds, ours), "plain loop": partial(milliseconds, loop)}, repeats)
        faster = ratio(times["plain loop"], times["ours"])
        figure = f"{times['ours'].median:.2f} against {times['plain loop'].median:.1f} ms"
        yield ratio_row(f"{what}, {LOOP_EDGE} x {LOOP_EDGE}", "plain loop", faster, figure, times)


def game_loop(system: IteratedFunctionSystem, points: int) -> Array:
    """The chaos game with one walker and numpy, one point after another."""
    rng = np.random.default_rng(0)
    chosen = rng.choice(system.maps, points, p=system.probabilities)
    found, point = np.empty((points, 2)), np.zeros(2)
    for n, which in enumerate(chosen):
        point = system.matrices[which] @ point + system.offsets[which]
        found[n] = point
    return found


def lacunarity_loop(mass: Array, edges: tuple[int, ...]) -> list[float]:
    """Lacunarity with the mass of every gliding box added up anew."""
    found = []
    for edge in edges:
        rows, cols = (range(side - edge + 1) for side in mass.shape)
        boxes = [mass[i : i + edge, j : j + edge].sum() for i, j in itertools.product(rows, cols)]
        found.append(float(1 + np.var(boxes) / np.mean(boxes) ** 2))
    return found


def partition_loop(measure: Array, orders: tuple[float, ...]) -> list[float]:
    """Generalised dimensions of a dyadic square, with every box of every scale added up anew."""
    edges = [2**k for k in range(measure.shape[0].bit_length() - 1)]
    sums = []
    for edge in edges:
        corners = itertools.product(range(0, measure.shape[0], edge), range(0, measure.shape[1], edge))
        shares = np.array([measure[i : i + edge, j : j + edge].sum() for i, j in corners]) / measure.sum()
        sums.append([_partition_sum(shares, q) for q in orders])
    return [float(np.polyfit(np.log(edges), values, 1)[0]) for values in zip(*sums, strict=True)]


def _partition_sum(shares: Array, q: float) -> float:
    return float((shares * np.log(shares)).sum() if q == 1 else np.log((shares**q).sum()) / (q - 1))
