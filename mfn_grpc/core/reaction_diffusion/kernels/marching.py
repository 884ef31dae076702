"""The time loop that all kernels share: a step is made in stages, each from the ghost cells to the last row.

`buffers` are padded states: the one before the step, the one after it, and those that the stages need besides. Rows
are updated in bands, so that a field that is watched is looked at while its rows are in the cache; bands change no bit.
"""

from typing import Any

from mfn_grpc.core.features.watching import watch_rows, watch_step
from mfn_grpc.core.reaction_diffusion.kernels.ghosts import Array, fill_ghosts


def used(buffers: tuple[Array, ...], stage: int) -> tuple[Array, ...]:
    """Bound by `specialise`: the buffers of a stage, first the one whose neighbours it reads, then what it writes."""
    raise AssertionError("a template is never called itself")


def rows(
    buffers: tuple[Array, ...],
    stage: int,
    first: int,
    last: int,
    step: int,
    scalars: tuple[Any, ...],
    forcing: tuple[Any, ...],
) -> None:
    """Bound by `specialise`: do rows first to last - 1 of a stage in its buffers."""
    raise AssertionError("a template is never called itself")


def march(
    buffers: tuple[Array, ...],
    stages: int,
    steps: int,
    source: Array,
    sign: Array,
    offset: Array,
    scalars: tuple[Any, ...],
    forcing: tuple[Any, ...],
    watched: int,
    band: int,
    sums: Array,
    record: Array,
) -> None:
    """Template: make `steps` steps; the result is in the first buffer after an even number of them, else in the second.

    watched: the species whose change is added to `record`, or -1. band: rows that are updated at a time.
    """
    height, cols = buffers[0].shape[1] - 2, buffers[0].shape[2] - 2
    back_and_front = (buffers[1], buffers[0]) + buffers[2:]  # noqa: RUF005 # the compiler knows no other form
    for step in range(steps):
        turned = buffers if step % 2 == 0 else back_and_front
        for stage in range(stages):
            mine = used(turned, stage)
            fill_ghosts(mine[0], source, sign, offset)
            for first in range(0, height, band):
                last = min(first + band, height)
                rows(mine, stage, first, last, step, scalars, forcing)
                if watched >= 0 and stage == stages - 1:
                    watch_rows(turned[0][watched], turned[1][watched], first, last, sums, record)
        if watched >= 0:
            watch_step(sums, record, height * cols)
