"""The time loop that all kernels share: a step is made in stages, each from the ghost cells to the last row.

`buffers` are padded states: the one before the step, the one after it, and those that the stages need besides. The same
kernel makes whole steps and parts of one, so that both have the same bits, the sums of a watched field included.
"""

from typing import Any

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.features.kernels.watching import watch_rows, watch_step
from mfn_grpc.core.reaction_diffusion.kernels.ghosts import fill_ghosts

SELF_WATCHED = -2
"""Bound by `specialise`: the species that `watching_rows` looks at by itself; -2 where there is none."""


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
    sums: Array,
    record: Array,
) -> None:
    """Bound by `specialise`: do rows first to last - 1 of a stage in its buffers; sums and record are left alone."""
    raise AssertionError("a template is never called itself")


def watching_rows(
    buffers: tuple[Array, ...],
    stage: int,
    first: int,
    last: int,
    step: int,
    scalars: tuple[Any, ...],
    forcing: tuple[Any, ...],
    sums: Array,
    record: Array,
) -> None:
    """Bound by `specialise`: the same, and the change of the species SELF_WATCHED is added to sums and record."""
    raise AssertionError("a template is never called itself")


def march(
    buffers: tuple[Array, ...],
    stages: int,
    part: tuple[int, int, int],
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

    part: (stage, first row, last row + 1) to do only that of one step, with ghost cells that are filled already; stage
    -1 for whole steps. watched: the species whose change is added to `record`, or -1. band: rows updated at a time.
    """
    height, cols = buffers[0].shape[1] - 2, buffers[0].shape[2] - 2
    back_and_front = (buffers[1], buffers[0]) + buffers[2:]  # noqa: RUF005 # the compiler knows no other form
    only, begin, end = part
    for step in range(steps):
        turned = buffers if step % 2 == 0 else back_and_front
        for stage in range(max(only, 0), stages if only < 0 else only + 1):
            mine = used(turned, stage)
            if only < 0:
                fill_ghosts(mine[0], source, sign, offset)
            looks = watched >= 0 and stage == stages - 1
            if looks and watched == SELF_WATCHED:
                watching_rows(mine, stage, begin, end, step, scalars, forcing, sums, record)
            else:
                for first in range(begin, end, band):
                    last = min(first + band, end)
                    rows(mine, stage, first, last, step, scalars, forcing, sums, record)
                    if looks:
                        watch_rows(turned[0][watched], turned[1][watched], first, last, sums, record)
        if watched >= 0 and only < 0:
            watch_step(sums, record, height * cols)
