"""What a fractal analysis answers: every number with the evidence behind it. Undefined numbers are NaN."""

from dataclasses import dataclass
from enum import StrEnum

from mfn_grpc.core.fractals.options import Estimator, NullModel


class Verdict(StrEnum):
    """What the evidence says about a dimension."""

    FRACTAL = "fractal"
    NOT_FRACTAL = "not_fractal"
    NO_SCALING = "no_scaling"
    LIKE_NULL = "like_null"
    UNDEFINED = "undefined"


@dataclass(frozen=True)
class BoxCount:
    """One scale: boxes counted at an edge, and the local dimension to the next used scale (None at the last)."""

    box_edge_cells: int
    boxes: int
    local_dimension: float | None
    used: bool


@dataclass(frozen=True)
class NullComparison:
    """A dimension beside those of chance patterns.

    dimension_mean, dimension_std, p_value: over the patterns that have a dimension; NaN when fewer than two have.
    p_value: of these and the set, the share that is at least as far from the mean of all as the set is; n patterns make
    it 1 / (n + 1) or more.
    """

    null_model: NullModel
    samples: int
    dimension_mean: float
    dimension_std: float
    p_value: float


@dataclass(frozen=True)
class DimensionEstimate:
    """A dimension, the slope of -ln(count) over ln(edge), with its interval, its counts and what they say.

    r_squared is NaN below three scales and where all counts are equal.
    """

    estimator: Estimator
    dimension: float
    dimension_low: float
    dimension_high: float
    r_squared: float
    counts: tuple[BoxCount, ...]
    verdict: Verdict
    verdict_reason: str
    null_comparison: NullComparison | None = None


@dataclass(frozen=True)
class LacunarityPoint:
    """Lacunarity at one scale, at least 1; NaN where there is no mass."""

    box_edge_cells: int
    lacunarity: float


@dataclass(frozen=True)
class GeneralizedDimension:
    """The Renyi dimension of order q, with the standard error and R^2 of its fit."""

    q: float
    dimension: float
    standard_error: float
    r_squared: float


@dataclass(frozen=True)
class FractalAnalysis:
    """Everything asked for, each list in the order of the request."""

    dimensions: tuple[DimensionEstimate, ...]
    lacunarity: tuple[LacunarityPoint, ...]
    generalized_dimensions: tuple[GeneralizedDimension, ...]
    set_cells: int
    total_cells: int
