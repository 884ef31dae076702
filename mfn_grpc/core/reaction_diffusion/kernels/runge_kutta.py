"""Classical Runge-Kutta for two species: fused stages, and the plain numpy that they must equal bit for bit.

With y the state and k = dt F(z) the increment that a stage finds at its own argument z, the arguments are y,
z1 = y + k/2, z2 = y + k/2, z3 = y + k, and the result is y + (k1 + 2 k2 + 2 k3 + k4) / 6 (Hairer, Norsett & Wanner
1993, section II.1). The sum is taken from the arguments themselves, which have to be kept anyway: with d = z - y it is
y + (d1 + 2 d2 + d3) / 3 + k4 / 6. Ghost cells are filled at every stage, so that an edge holds at every one.
"""

from typing import Any, NamedTuple

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.reaction_diffusion.kernels.ghosts import Ghosts, fill_ghosts_reference
from mfn_grpc.core.reaction_diffusion.kernels.two_species import (
    EulerScalars,
    Kinetics,
    increments_reference,
    kinetics,
)

STAGES = 4
REACHES = 1 / 2, 1 / 2, 1.0
"""How much of its increment each stage but the last adds to the state."""


class RungeKuttaScalars(NamedTuple):
    """Arguments of the kernel, each in the precision of the state: those of a whole Euler step, and the tableau."""

    euler: EulerScalars
    reaches: tuple[Any, ...]
    two: Any
    third: Any
    sixth: Any


def in_rk4(buffers: tuple[Array, ...], stage: int) -> tuple[Array, ...]:
    """What a stage uses: the argument it reads, what it writes, the state before the step, and the third argument.

    The arguments y, z1, z2, z3 are in the four buffers in this order. Each stage but the last writes the next one; the
    last writes the state after the step over z1.
    """
    state, first, second, third = buffers
    if stage == 0:
        return state, first, state, second
    if stage == 1:
        return first, second, state, second
    if stage == 2:
        return second, third, state, second
    return third, first, state, second


def rk4_rows(
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
    """Template: rows first to last - 1 of one stage, whose buffers `in_rk4` gives."""
    (weight_u, weight_v, ratio, centre, dt, coefficients), reaches, two, third, sixth = scalars
    read, out, state, middle = buffers
    cols = state.shape[2] - 2
    # Unsigned: the compiler then need not ask at every row whether it counts from the end.
    start, stop, one = np.uint64(first), np.uint64(last), np.uint64(1)
    # A loop for each kind of stage: asking inside would have every row count the references to its arrays.
    if stage < STAGES - 1:
        reach = reaches[stage]
        for i in range(start, stop):
            here, below = i + one, i + one + one
            u_north, u, u_south = read[0, i], read[0, here], read[0, below]
            v_north, v, v_south = read[1, i], read[1, here], read[1, below]
            u_state, v_state, u_out, v_out = state[0, here], state[1, here], out[0, here], out[1, here]
            for j in range(cols):
                uc, vc = u[j + 1], v[j + 1]
                du, dv = kinetics(uc, vc, coefficients)
                u_lap = ((u_north[j + 1] + u_south[j + 1]) + ratio * (u[j] + u[j + 2])) - centre * uc
                v_lap = ((v_north[j + 1] + v_south[j + 1]) + ratio * (v[j] + v[j + 2])) - centre * vc
                u_out[j + 1] = u_state[j + 1] + reach * (weight_u * u_lap + dt * du)
                v_out[j + 1] = v_state[j + 1] + reach * (weight_v * v_lap + dt * dv)
    else:
        for i in range(start, stop):
            here, below = i + one, i + one + one
            u_north, u, u_south = read[0, i], read[0, here], read[0, below]
            v_north, v, v_south = read[1, i], read[1, here], read[1, below]
            u_state, v_state, u_out, v_out = state[0, here], state[1, here], out[0, here], out[1, here]
            u_middle, v_middle = middle[0, here], middle[1, here]
            for j in range(cols):
                uc, vc, us, vs = u[j + 1], v[j + 1], u_state[j + 1], v_state[j + 1]
                du, dv = kinetics(uc, vc, coefficients)
                u_lap = ((u_north[j + 1] + u_south[j + 1]) + ratio * (u[j] + u[j + 2])) - centre * uc
                v_lap = ((v_north[j + 1] + v_south[j + 1]) + ratio * (v[j] + v[j + 2])) - centre * vc
                u_sum = ((u_out[j + 1] - us) + (uc - us)) + two * (u_middle[j + 1] - us)
                v_sum = ((v_out[j + 1] - vs) + (vc - vs)) + two * (v_middle[j + 1] - vs)
                u_out[j + 1] = us + (third * u_sum + sixth * (weight_u * u_lap + dt * du))
                v_out[j + 1] = vs + (third * v_sum + sixth * (weight_v * v_lap + dt * dv))


def rk4_reference(state: Array, ghosts: Ghosts, scalars: RungeKuttaScalars, reaction: Kinetics) -> Array:
    """One step of a padded state in plain numpy; the ghost cells of the result are not filled."""
    start, arguments = state[:, 1:-1, 1:-1], [state]
    for reach in scalars.reaches:
        following = np.empty_like(state)
        following[:, 1:-1, 1:-1] = start + reach * _increments(arguments[-1], ghosts, scalars, reaction)
        arguments.append(following)
    first, second, third = (argument[:, 1:-1, 1:-1] - start for argument in arguments[1:])
    last = _increments(arguments[-1], ghosts, scalars, reaction)
    result = np.empty_like(state)
    total = (first + third) + scalars.two * second
    result[:, 1:-1, 1:-1] = start + (scalars.third * total + scalars.sixth * last)
    return result


def _increments(argument: Array, ghosts: Ghosts, scalars: RungeKuttaScalars, reaction: Kinetics) -> Array:
    fill_ghosts_reference(argument, ghosts)
    return increments_reference(argument, scalars.euler, reaction)
