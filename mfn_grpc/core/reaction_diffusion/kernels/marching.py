"""The time loop that all kernels share: fill the ghost cells, update all rows, swap the buffers."""

from typing import Any

from mfn_grpc.core.reaction_diffusion.kernels.ghosts import Array, fill_ghosts


def rows(
    front: Array, back: Array, first: int, last: int, step: int, scalars: tuple[Any, ...], forcing: tuple[Any, ...]
) -> None:
    """Bound by `specialise`: write rows first to last - 1 of the next state into `back`."""
    raise AssertionError("a template is never called itself")


def march(
    front: Array,
    back: Array,
    steps: int,
    source: Array,
    sign: Array,
    offset: Array,
    scalars: tuple[Any, ...],
    forcing: tuple[Any, ...],
) -> None:
    """Template: make `steps` steps; the result is in `front` after an even number of them, in `back` after an odd."""
    for step in range(steps):
        fill_ghosts(front, source, sign, offset)
        rows(front, back, 0, front.shape[1] - 2, step, scalars, forcing)
        front, back = back, front
