"""Explicit Euler for two species: a fused five-point kernel, and the plain numpy that it must equal bit for bit.

Equal bits need equal arithmetic: + - * / in the same order, neighbours summed (N + S) + (W + E), no literals (a Python
number would promote float32), no fused multiply-add.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.reaction_diffusion.kernels.ghosts import Ghosts, fill_ghosts_reference
from mfn_grpc.core.reaction_diffusion.kernels.wavefront import Place

Cross = tuple[Any, Any, Any, Any, Any]
"""A cell and its neighbours: itself, north, south, west, east."""

Kinetics = Callable[[Any, Any, tuple[Any, ...]], tuple[Any, Any]]


class EulerScalars(NamedTuple):
    """Arguments of the kernel, each in the precision of the state.

    weight_u, weight_v: diffusion numbers D dt / dy^2.
    ratio: (dy / dx)^2.
    centre: 2 + 2 ratio, the weight of the central cell.
    dt: time step.
    coefficients: what the kinetics take.
    """

    weight_u: Any
    weight_v: Any
    ratio: Any
    centre: Any
    dt: Any
    coefficients: tuple[Any, ...]


def kinetics(u: Any, v: Any, coefficients: tuple[Any, ...]) -> tuple[Any, Any]:
    """Bound by `specialise`: the reaction rates (du/dt, dv/dt) of one cell."""
    raise AssertionError("a template is never called itself")


def cell(u_cross: Cross, v_cross: Cross, scalars: tuple[Any, ...]) -> tuple[Any, Any]:
    """Bound by `specialise`: one cell of both species after a step, from their crosses before it."""
    raise AssertionError("a template is never called itself")


def euler_cell(u_cross: Cross, v_cross: Cross, scalars: tuple[Any, ...]) -> tuple[Any, Any]:
    """Template: one cell of both species after a step. All kernels of Euler steps have their arithmetic from here."""
    weight_u, weight_v, ratio, centre, dt, coefficients = scalars
    uc, u_north, u_south, u_west, u_east = u_cross
    vc, v_north, v_south, v_west, v_east = v_cross
    du, dv = kinetics(uc, vc, coefficients)
    u_lap = ((u_north + u_south) + ratio * (u_west + u_east)) - centre * uc
    v_lap = ((v_north + v_south) + ratio * (v_west + v_east)) - centre * vc
    return uc + (weight_u * u_lap + dt * du), vc + (weight_v * v_lap + dt * dv)


def in_euler(buffers: tuple[Array, ...], stage: int) -> tuple[Array, ...]:
    """What the only stage uses: the state that it reads and the one that it writes."""
    return buffers


def euler_rows(
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
    """Template: rows first to last - 1 of one step, from the first buffer (ghost cells filled) into the second."""
    front, back = buffers
    cols = front.shape[2] - 2
    # Unsigned: the compiler then need not ask at every row whether it counts from the end.
    start, one = np.uint64(first), np.uint64(1)
    for i in range(start, np.uint64(last)):
        here, below = i + one, i + one + one
        u_north, u, u_south = front[0, i], front[0, here], front[0, below]
        v_north, v, v_south = front[1, i], front[1, here], front[1, below]
        u_out, v_out = back[0, here], back[1, here]
        for j in range(cols):
            u_cross = u[j + 1], u_north[j + 1], u_south[j + 1], u[j], u[j + 2]
            v_cross = v[j + 1], v_north[j + 1], v_south[j + 1], v[j], v[j + 2]
            u_out[j + 1], v_out[j + 1] = cell(u_cross, v_cross, scalars)


def euler_row(read: Array, write: Array, place: Place, step: int, scalars: tuple[Any, ...], forcing: Any) -> None:
    """Template: one row of one step."""
    _, north, here, south, out, cols = place
    u_north, u, u_south, u_out = read[0, north], read[0, here], read[0, south], write[0, out]
    v_north, v, v_south, v_out = read[1, north], read[1, here], read[1, south], write[1, out]
    for j in range(cols):
        u_cross = u[j + 1], u_north[j + 1], u_south[j + 1], u[j], u[j + 2]
        v_cross = v[j + 1], v_north[j + 1], v_south[j + 1], v[j], v[j + 2]
        u_out[j + 1], v_out[j + 1] = cell(u_cross, v_cross, scalars)


def laplacian_reference(field: Array, ratio: Any, centre: Any) -> Array:
    """Five-point Laplacian times dy^2 of a padded field [rows + 2, cols + 2], shape [rows, cols]."""
    vertical = field[:-2, 1:-1] + field[2:, 1:-1]
    horizontal = field[1:-1, :-2] + field[1:-1, 2:]
    laplacian: Array = (vertical + ratio * horizontal) - centre * field[1:-1, 1:-1]
    return laplacian


def increments_reference(state: Array, scalars: EulerScalars, reaction: Kinetics) -> Array:
    """The change of a padded state in dt at its present rate, [species, rows, cols]."""
    weight_u, weight_v, ratio, centre, dt, coefficients = scalars
    u, v = state[:, 1:-1, 1:-1]
    du, dv = reaction(u, v, coefficients)
    u_rise = weight_u * laplacian_reference(state[0], ratio, centre) + dt * du
    return np.stack([u_rise, weight_v * laplacian_reference(state[1], ratio, centre) + dt * dv])


def euler_reference(state: Array, ghosts: Ghosts, scalars: EulerScalars, reaction: Kinetics) -> Array:
    """One step of a padded state in plain numpy; the ghost cells of the result are not filled."""
    fill_ghosts_reference(state, ghosts)
    following = np.empty_like(state)
    following[:, 1:-1, 1:-1] = state[:, 1:-1, 1:-1] + increments_reference(state, scalars, reaction)
    return following
