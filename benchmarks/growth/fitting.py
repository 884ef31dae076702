"""The power by which a cost grows: a straight line through logarithms."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PowerLaw:
    """Cost = factor x size^exponent.

    error: standard error of the exponent, from how far the measured points lie off the line; 0 for two points.
    """

    exponent: float
    factor: float
    error: float

    def at(self, size: float) -> float:
        """The cost that the law gives a size."""
        return self.factor * math.pow(size, self.exponent)


def fitted(sizes: Sequence[float], costs: Sequence[float]) -> PowerLaw:
    """The law through these points by least squares of the logarithms; raises ValueError for less than two sizes.

    Sizes and costs are above 0.
    """
    if len(set(sizes)) < 2:
        raise ValueError(f"a power needs two sizes, there are {list(sizes)}")
    x, y = np.log(np.asarray(sizes, np.float64)), np.log(np.asarray(costs, np.float64))
    off = x - x.mean()
    exponent = float(off @ y / (off @ off))
    intercept = float(y.mean() - exponent * x.mean())
    rest = y - (intercept + exponent * x)
    freedom = len(sizes) - 2
    error = math.sqrt(float(rest @ rest) / freedom / float(off @ off)) if freedom else 0.0
    return PowerLaw(exponent, math.exp(intercept), error)
