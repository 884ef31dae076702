"""Fractal analysis: dimensions with the evidence behind them, and how they are asked for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BoxCountOptions:
    """How boxes are laid and counted; None leaves the default to the server.

    base: "dyadic" (default; edges 1, 2, 4 ...) or "triadic" (1, 3, 9 ...); it should match the set's own ratio.
    crop_to_bounding_box: Whether the field is first cropped to the set. Default true.
    minimize_over_offsets: Whether each count is the smallest over all positions of the boxes, exactly.
    min_box_edge_cells: Smallest edge used, 1 to 8192. Default 1.
    max_box_edge_cells: Largest edge used, as far. Default: half the shorter side.
    confidence_level: Of the intervals, 0.5 to 0.999. Default 0.95.
    """

    base: str | None = None
    crop_to_bounding_box: bool | None = None
    minimize_over_offsets: bool = False
    min_box_edge_cells: int | None = None
    max_box_edge_cells: int | None = None
    confidence_level: float | None = None


@dataclass(frozen=True)
class NullComparisonOptions:
    """Which chance patterns the dimensions are compared with; None leaves the default to the server.

    null_model: "diffusion" (default: noise diffused until its highest cells, as many as the set has, have the set's
        correlation length) or "shuffled" (the set's cells in random order).
    samples: Patterns made, 10 to 1000. Default 100. A verdict at the level 0.95 needs 19 or more.
    seed: Of the patterns.
    """

    null_model: str | None = None
    samples: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class BoxCount:
    """One scale of a box count; `local_dimension` between it and the next used one, None at the last."""

    box_edge_cells: int
    boxes: int
    local_dimension: float | None
    used: bool


@dataclass(frozen=True)
class NullComparison:
    """A dimension beside those of chance patterns.

    `p_value`: of the patterns and the set itself, the share at least as far from the mean of all as the set.
    """

    null_model: str
    samples: int
    dimension_mean: float
    dimension_std: float
    p_value: float


@dataclass(frozen=True)
class DimensionEstimate:
    """One dimension with its evidence: the interval, R^2, the counts, and what they say.

    `estimator`: "box_count" or "boundary_count". `verdict`: "fractal", "not_fractal", "no_scaling", "like_null" or
    "undefined"; never "fractal" without a null comparison. Values that are undefined are NaN, for
    instance the dimension of an empty set.
    """

    estimator: str
    dimension: float
    dimension_low: float
    dimension_high: float
    r_squared: float
    counts: tuple[BoxCount, ...]
    verdict: str
    verdict_reason: str
    null_comparison: NullComparison | None


@dataclass(frozen=True)
class LacunarityPoint:
    """Lacunarity at one scale, at least 1; NaN for an empty set."""

    box_edge_cells: int
    lacunarity: float


@dataclass(frozen=True)
class GeneralizedDimension:
    """One generalised (Renyi) dimension D_q with the standard error and R^2 of its fit; NaN where undefined."""

    q: float
    dimension: float
    standard_error: float
    r_squared: float


@dataclass(frozen=True)
class FractalAnalysis:
    """What was asked for of a set of cells, each in the order of asking."""

    dimensions: tuple[DimensionEstimate, ...]
    lacunarity: tuple[LacunarityPoint, ...]
    generalized_dimensions: tuple[GeneralizedDimension, ...]
    set_cells: int
    total_cells: int
