"""Gray-Scott: an autocatalyst fed by, and removed with, its substrate."""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import parameter
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.randomness import Stream, generator
from mfn_grpc.core.reaction_diffusion.models.base import TwoSpeciesModel, draw
from mfn_grpc.core.reaction_diffusion.randomness import uniform

CELLS_PER_SEED = 4096
SEEDS_PER_PIECE = 512
SEED_EDGE = 10


@dataclass(frozen=True)
class GrayScott(TwoSpeciesModel):
    """Parameters of Gray-Scott; dimensionless."""

    name = "gray_scott"
    title = "Gray-Scott"
    equations = "u' = Du lap u - u v^2 + F (1 - u); v' = Dv lap v + u v^2 - (F + k) v"
    reference = "Pearson, Science 261:189 (1993)"
    default_dt = 1.0

    diffusion_u: float = parameter(0.16, 0, 1000, "1", "diffusion coefficient Du, squared length per time")
    diffusion_v: float = parameter(0.08, 0, 1000, "1", "diffusion coefficient Dv, squared length per time")
    feed: float = parameter(0.0545, 0, 1, "1", "feed rate F, per time")
    kill: float = parameter(0.062, 0, 1, "1", "kill rate k, per time")

    @staticmethod
    def kinetics(u: Any, v: Any, coefficients: tuple[Any, ...]) -> tuple[Any, Any]:
        """Rates (F - F u - u v^2, u v^2 - (F + k) v)."""
        feed, removal = coefficients
        conversion = u * v * v
        return (feed - feed * u) - conversion, conversion - removal * v

    @staticmethod
    def kinetics_tangent(u: Any, v: Any, du: Any, dv: Any, coefficients: tuple[Any, ...]) -> tuple[Any, Any]:
        """(-(v^2 + F) du - 2uv dv, v^2 du + (2uv - F - k) dv)."""
        feed, removal = coefficients
        conversion = v * (v * du + 2 * u * dv)
        return -feed * du - conversion, conversion - removal * dv

    def coefficients(self) -> tuple[float, ...]:
        """F and F + k."""
        return self.feed, self.feed + self.kill

    def steady_states(self) -> tuple[tuple[float, float], ...]:
        """(1, 0), and where F >= 4 (F + k)^2 the two states with v > 0, the one with more v first of them."""
        feed, removal = self.coefficients()
        # What is left of the discriminant after dividing by feed^2, which can underflow.
        discriminant = 1 - 4 * removal * (removal / feed) if feed > 0 else -math.inf
        if discriminant < 0:
            return ((1.0, 0.0),)
        # The smaller v from the product of the two, which is the feed: their difference would lose its digits.
        larger = feed / removal * (1 + math.sqrt(discriminant)) / 2
        return ((1.0, 0.0), *((removal / v, v) for v in (larger, feed / larger)))

    def jacobian(self, u: float, v: float) -> Array:
        """[[-v^2 - F, -2uv], [v^2, 2uv - F - k]]."""
        feed, removal = self.coefficients()
        return np.array([[-v * v - feed, -2 * u * v], [v * v, 2 * u * v - removal]])

    def start(self, state: Array, seed: int) -> Pieces[None]:
        """(1, 0) with seeded squares of (0.5, 0.25), one for every 4,096 cells, and uniform noise of 0 to 0.01."""
        rng = generator(seed, Stream.INITIAL)
        for field, level in zip(state, (1.0, 0.0), strict=True):
            yield from draw(field, partial(np.full_like, fill_value=level))
        yield from _sow(state, rng)
        # The squares are as exact in float32: what is rounded is the sum.
        for field in state:
            yield from draw(field, lambda band: band + uniform(rng, 0.0, 0.01, band.shape))


def _sow(state: Array, rng: np.random.Generator) -> Pieces[None]:
    """Set the seeded squares."""
    _, rows, cols = state.shape
    edge = max(2, min(SEED_EDGE, min(rows, cols) // 4))
    for number in range(max(1, rows * cols // CELLS_PER_SEED)):
        top, left = rng.integers(0, rows - edge + 1), rng.integers(0, cols - edge + 1)
        state[0, top : top + edge, left : left + edge] = 0.5
        state[1, top : top + edge, left : left + edge] = 0.25
        if number % SEEDS_PER_PIECE == SEEDS_PER_PIECE - 1:
            yield
