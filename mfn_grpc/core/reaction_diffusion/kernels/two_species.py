"""Explicit Euler for two species: a fused five-point kernel, and the plain numpy that it must equal bit for bit.

Equal bits need equal arithmetic: + - * / in the same order, neighbours summed (N + S) + (W + E), no literals (a Python
number would promote float32), no fused multiply-add.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from mfn_grpc.core.reaction_diffusion.kernels.ghosts import Array, Ghosts, fill_ghosts_reference

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


def euler_rows(
    front: Array, back: Array, first: int, last: int, step: int, scalars: tuple[Any, ...], forcing: tuple[Any, ...]
) -> None:
    """Template: rows first to last - 1 of one step, from `front` (ghost cells filled) into `back`."""
    weight_u, weight_v, ratio, centre, dt, coefficients = scalars
    cols = front.shape[2] - 2
    for i in range(first, last):
        u_north, u, u_south = front[0, i], front[0, i + 1], front[0, i + 2]
        v_north, v, v_south = front[1, i], front[1, i + 1], front[1, i + 2]
        u_out, v_out = back[0, i + 1], back[1, i + 1]
        for j in range(cols):
            uc, vc = u[j + 1], v[j + 1]
            du, dv = kinetics(uc, vc, coefficients)
            u_lap = ((u_north[j + 1] + u_south[j + 1]) + ratio * (u[j] + u[j + 2])) - centre * uc
            v_lap = ((v_north[j + 1] + v_south[j + 1]) + ratio * (v[j] + v[j + 2])) - centre * vc
            u_out[j + 1] = uc + (weight_u * u_lap + dt * du)
            v_out[j + 1] = vc + (weight_v * v_lap + dt * dv)


def laplacian_reference(field: Array, ratio: Any, centre: Any) -> Array:
    """Five-point Laplacian times dy^2 of a padded field [rows + 2, cols + 2], shape [rows, cols]."""
    vertical = field[:-2, 1:-1] + field[2:, 1:-1]
    horizontal = field[1:-1, :-2] + field[1:-1, 2:]
    laplacian: Array = (vertical + ratio * horizontal) - centre * field[1:-1, 1:-1]
    return laplacian


def euler_reference(state: Array, ghosts: Ghosts, scalars: EulerScalars, reaction: Kinetics) -> Array:
    """One step of a padded state in plain numpy; the ghost cells of the result are not filled."""
    weight_u, weight_v, ratio, centre, dt, coefficients = scalars
    fill_ghosts_reference(state, ghosts)
    u, v = state[:, 1:-1, 1:-1]
    du, dv = reaction(u, v, coefficients)
    following = np.empty_like(state)
    following[0, 1:-1, 1:-1] = u + (weight_u * laplacian_reference(state[0], ratio, centre) + dt * du)
    following[1, 1:-1, 1:-1] = v + (weight_v * laplacian_reference(state[1], ratio, centre) + dt * dv)
    return following
