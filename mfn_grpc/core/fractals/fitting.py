"""Straight lines through a few points, by least squares, with Student's intervals."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from scipy.special import stdtrit

EXACT = 1e-12
"""Residual variance, relative to the squared scale of the points, that is rounding alone."""


class Line(NamedTuple):
    """y = intercept + slope x. standard_error (of the slope) and r_squared are NaN below three points.

    r_squared is NaN as well where all y are equal, but for rounding: there is nothing to explain, 0 of 0.
    """

    slope: float
    intercept: float
    standard_error: float
    r_squared: float
    points: int


def fit_line(x: Sequence[float], y: Sequence[float]) -> Line:
    """The least-squares line; all NaN below two points. x holds no value twice."""
    points = len(x)
    if points < 2:
        return Line(math.nan, math.nan, math.nan, math.nan, points)
    mean_x, mean_y = math.fsum(x) / points, math.fsum(y) / points
    spread = math.fsum((a - mean_x) ** 2 for a in x)
    slope = math.fsum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / spread
    intercept = mean_y - slope * mean_x
    if points == 2:
        return Line(slope, intercept, math.nan, math.nan, points)
    residual = math.fsum((b - intercept - slope * a) ** 2 for a, b in zip(x, y, strict=True))
    total = math.fsum((b - mean_y) ** 2 for b in y)
    error = math.sqrt(residual / (points - 2) / spread)
    rounding = (EXACT * max(map(abs, y))) ** 2 * points
    return Line(slope, intercept, error, _explained(residual, total, rounding), points)


def _explained(residual: float, total: float, rounding: float) -> float:
    if total <= rounding:
        return math.nan
    return 1.0 if residual <= rounding else 1.0 - residual / total


def half_width(line: Line, confidence_level: float) -> float:
    """Half the width of the slope's two-sided confidence interval, from Student's t; NaN below three points."""
    if line.points < 3:
        return math.nan
    return line.standard_error * t_quantile(line.points - 2, (1 + confidence_level) / 2)


@lru_cache(maxsize=256)
def t_quantile(degrees_of_freedom: int, probability: float) -> float:
    """The quantile of Student's t distribution."""
    return float(stdtrit(degrees_of_freedom, probability))
