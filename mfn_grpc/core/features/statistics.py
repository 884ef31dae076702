"""Extremes and moments of the cells of a field, in double precision: corrected passes (Chan, Golub & LeVeque 1983)."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.features.blocks import double_blocks
from mfn_grpc.core.features.kernels.moments import add_powers, survey
from mfn_grpc.core.pieces import Pieces

BLOCKS_PER_PIECE = 32
FAR = 0.1
"""Distance of a centre from the mean, in standard deviations, beyond which another pass is worth its time."""


@dataclass(frozen=True)
class Moments:
    """Smallest, largest and mean value; standard deviation (divided by the number); skewness g1; excess kurtosis g2.

    The last two are NaN for a constant field. All others are finite, whatever the values of a finite field.
    """

    minimum: float
    maximum: float
    mean: float
    std: float
    skewness: float
    kurtosis: float


def moments(field: Array) -> Pieces[Moments]:
    """The moments of a finite field [rows, cols]; the sums run by row, so they do not depend on the blocks."""
    extremes = np.array([0.0, math.inf, -math.inf])
    for i, block in enumerate(double_blocks(field)):
        survey(block, extremes)
        if i % BLOCKS_PER_PIECE == BLOCKS_PER_PIECE - 1:
            yield
    total, low, high = (float(number) for number in extremes)
    if low == high:
        return Moments(low, high, low, 0.0, math.nan, math.nan)
    # The half way is finite where the sum overflows, and so is its distance from either end.
    centre = min(max(total / field.size, low), high) if math.isfinite(total) else low / 2 + high / 2
    about = yield from _about(field, centre, low, high)
    if about.distance > FAR and math.isfinite(_reach(about.mean, low, high)):
        about = yield from _about(field, about.mean, low, high)
    return about.moments(low, high)


class _About(NamedTuple):
    """Means of the first four powers of (value - centre) / scale."""

    centre: float
    scale: float
    first: float
    second: float
    third: float
    fourth: float

    @property
    def mean(self) -> float:
        return self.centre + self.scale * self.first

    @property
    def distance(self) -> float:
        """How far the centre is from the mean, in standard deviations; never less than the truth."""
        m2 = self.second - self.first**2
        return abs(self.first) / math.sqrt(m2) if m2 > 0 else math.inf

    def moments(self, low: float, high: float) -> Moments:
        """Moments about the mean from those about a centre that misses it by its rounding error.

        The centre is the double nearest to the mean or nearer than a tenth of a standard deviation, and values are
        doubles, too: the mean of the squares is then at most twice the variance, so that none is lost here.
        """
        first, second, third, fourth = self[2:]
        m2 = second - first * first
        m3 = third - 3.0 * first * second + 2.0 * first**3
        m4 = fourth - 4.0 * first * third + 6.0 * first * first * second - 3.0 * first**4
        mean = min(max(self.mean, low), high)
        return Moments(low, high, mean, self.scale * math.sqrt(m2), m3 / (m2 * math.sqrt(m2)), m4 / (m2 * m2) - 3.0)


def _about(field: Array, centre: float, low: float, high: float) -> Pieces[_About]:
    # In units of the largest distance from the centre no power overflows, nor do all of them vanish.
    scale = _reach(centre, low, high)
    powers = np.zeros(4)
    for i, block in enumerate(double_blocks(field)):
        add_powers(block, centre, scale, powers)
        if i % BLOCKS_PER_PIECE == BLOCKS_PER_PIECE - 1:
            yield
    return _About(centre, scale, *(float(power) / field.size for power in powers))


def _reach(centre: float, low: float, high: float) -> float:
    return max(high - centre, centre - low)
