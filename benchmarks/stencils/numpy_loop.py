"""Gray-Scott as a plain numpy script: whole arrays and `np.roll`."""

from typing import Any

import numpy as np

from mfn_grpc.core.reaction_diffusion import GrayScott

Array = np.ndarray[Any, np.dtype[Any]]


class RollLoop:
    """Two periodic fields of spacing 1 and how they are stepped."""

    def __init__(self, model: GrayScott, dt: float, state: Array) -> None:
        self.model, self.dt = model, dt
        self.u, self.v = state[0].copy(), state[1].copy()

    def advance(self, steps: int) -> None:
        """Make `steps` steps of explicit Euler."""
        model = self.model
        for _ in range(steps):
            conversion = self.u * self.v**2
            u_rate = model.diffusion_u * laplacian(self.u) - conversion + model.feed * (1 - self.u)
            v_rate = model.diffusion_v * laplacian(self.v) + conversion - (model.feed + model.kill) * self.v
            self.u += self.dt * u_rate
            self.v += self.dt * v_rate


def laplacian(field: Array) -> Array:
    """The five-point Laplacian of a periodic field [rows, cols] of spacing 1."""
    neighbours = np.roll(field, 1, 0) + np.roll(field, -1, 0) + np.roll(field, 1, 1) + np.roll(field, -1, 1)
    laplacian: Array = neighbours - 4 * field
    return laplacian
