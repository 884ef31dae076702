"""The reaction half of a semi-implicit step for two species."""

from typing import Any

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.reaction_diffusion.kernels.two_species import kinetics


def reacting_rows(front: Array, back: Array, first: int, last: int, dt: Any, coefficients: tuple[Any, ...]) -> None:
    """Template: rows first to last - 1 of `back` become those of `front` plus dt times their reaction rates."""
    cols = front.shape[2] - 2
    for i in range(first, last):
        u, v, u_out, v_out = front[0, i + 1], front[1, i + 1], back[0, i + 1], back[1, i + 1]
        for j in range(1, cols + 1):
            du, dv = kinetics(u[j], v[j], coefficients)
            u_out[j] = u[j] + dt * du
            v_out[j] = v[j] + dt * dv
