"""The random numbers of simulations: initial noise, growth events and jitter, each by its place and never by order.

Both the kernels and their references are handed these numbers as data, so they cannot disagree. Gaussians use numpy's
ziggurat, which draws on the C library in its tails: equal bits are promised for one platform and one numpy.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.randomness import Stream, generator

EVENT_BLOCK_STEPS = 1024
JITTER_BLOCK_CELLS = 65_536
RISE_MEAN_MV, RISE_SPREAD_MV = 20.0, 5.0


def uniform(rng: np.random.Generator, low: float, high: float, shape: tuple[int, ...]) -> Array:
    """Uniform numbers in [low, high), float64 of `shape`.

    The bits of `Generator.uniform` where its product and sum are not fused to one operation, as compilers for ARM do.
    """
    noise = rng.random(shape)
    noise *= high - low
    noise += low
    return noise


class GrowthEvents(NamedTuple):
    """Growth events of consecutive steps.

    cell: flat index of the raised cell, -1 where nothing happens, int64 [steps].
    rise_mv: how far it is raised, float64 [steps].
    """

    cell: Array
    rise_mv: Array


def growth_events(seed: int, first_step: int, steps: int, cells: int, probability: float) -> GrowthEvents:
    """The events of steps first_step to first_step + steps - 1 on a grid of `cells` cells."""
    blocks = range(first_step // EVENT_BLOCK_STEPS, (first_step + steps - 1) // EVENT_BLOCK_STEPS + 1)
    drawn = [_event_block(seed, block, cells, probability) for block in blocks]
    start = first_step - blocks.start * EVENT_BLOCK_STEPS
    window = slice(start, start + steps)
    return GrowthEvents(*(np.concatenate(column)[window] for column in zip(*drawn, strict=True)))


@lru_cache(maxsize=64)
def _event_block(seed: int, block: int, cells: int, probability: float) -> GrowthEvents:
    rng = generator(seed, Stream.GROWTH_EVENTS, block=block)
    happens = rng.random(EVENT_BLOCK_STEPS) < probability
    cell = rng.integers(0, cells, EVENT_BLOCK_STEPS)
    rise = RISE_MEAN_MV + RISE_SPREAD_MV * rng.standard_normal(EVENT_BLOCK_STEPS)
    return GrowthEvents(np.where(happens, cell, -1), rise)


def jitter_block_rows(cols: int) -> int:
    """Rows that share one generator; bands of a jittered run are multiples of it."""
    return max(1, JITTER_BLOCK_CELLS // cols)


def jitter(seed: int, step: int, rows: range, cols: int, spread: float) -> Array:
    """Gaussian noise of standard deviation `spread` for some rows of one step, float64 [len(rows), cols].

    `rows` starts at a multiple of `jitter_block_rows`.
    """
    noise = np.empty((len(rows), cols))
    for block, chunk in _blocks(rows, jitter_block_rows(cols)):
        rng = generator(seed, Stream.JITTER, step=step, block=block)
        rng.standard_normal(out=noise[chunk.start - rows.start : chunk.stop - rows.start])
    noise *= spread
    return noise


def _blocks(rows: range, height: int) -> Iterator[tuple[int, range]]:
    for start in range(rows.start, rows.stop, height):
        yield start // height, range(start, min(start + height, rows.stop))
