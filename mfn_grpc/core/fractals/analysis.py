"""The whole analysis of a field: its set of cells, and everything asked of it."""

import math
from collections.abc import Sequence

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.bands import above, below_zero, marked, not_finite
from mfn_grpc.core.fractals.checks import edge_violations, order_violations, shape_violations
from mfn_grpc.core.fractals.dimension import estimate_dimension
from mfn_grpc.core.fractals.generalized import generalized_dimensions
from mfn_grpc.core.fractals.lacunarity import lacunarity
from mfn_grpc.core.fractals.nulls import chance_pattern, time_for, with_comparison
from mfn_grpc.core.fractals.options import Estimator, FractalOptions, NullOptions
from mfn_grpc.core.fractals.results import DimensionEstimate, FractalAnalysis
from mfn_grpc.core.limits import Violation, refuse
from mfn_grpc.core.pieces import Pieces

SETS = np.dtype(np.bool_), np.dtype(np.uint8)
FIELDS = np.dtype(np.float64), np.dtype(np.float32)
DEFAULTS = FractalOptions()


def analyze(field: Array, options: FractalOptions = DEFAULTS) -> Pieces[FractalAnalysis]:
    """Dimensions, lacunarity and generalised dimensions of a field [rows, cols], 1 to 8192 each.

    bool or uint8: the cells that are not 0 form the set, and all weigh the same. float64 or float32, finite: the cells
    above options.threshold form it, and for the generalised dimensions the field itself is the measure. Raises
    InvalidInput that names every fault, by the names of the wire.
    """
    found = [*field_violations(field, options), *option_violations(options)]
    if not any(v.field.startswith("array") for v in found):
        found += yield from _value_violations(field, options)
    refuse(found)
    mask = yield from above(field, 0.0 if options.threshold is None else options.threshold)
    set_cells = int(np.count_nonzero(mask))
    estimates = yield from _estimates(mask, options)
    if options.null_comparison:
        estimates = yield from _compared(mask, estimates, options, options.null_comparison)
    points = yield from lacunarity(mask, options.lacunarity_box_edges_cells)
    measure = field if field.dtype in FIELDS else mask
    dimensions = yield from generalized_dimensions(measure, options.generalized_orders, options.box_count)
    return FractalAnalysis(tuple(estimates), points, dimensions, set_cells, field.size)


def _estimates(mask: Array, options: FractalOptions) -> Pieces[list[DimensionEstimate]]:
    found: list[DimensionEstimate] = []
    for estimator in options.estimators:
        found += [(yield from estimate_dimension(mask, estimator, options.box_count))]
    return found


def _compared(
    mask: Array, estimates: Sequence[DimensionEstimate], options: FractalOptions, null: NullOptions
) -> Pieces[list[DimensionEstimate]]:
    """The estimates that are defined with their null comparisons; all estimators see the same patterns."""
    if all(math.isnan(estimate.dimension) for estimate in estimates):
        return list(estimates)
    diffusion_time = yield from time_for(mask, null.null_model)
    cells = int(np.count_nonzero(mask))
    shape = (mask.shape[0], mask.shape[1])
    samples = []
    for sample in range(null.samples):
        pattern = yield from chance_pattern(shape, cells, diffusion_time, null.seed, sample)
        of_pattern = yield from _estimates(pattern, options)
        samples.append([estimate.dimension for estimate in of_pattern])
    return [
        estimate
        if math.isnan(estimate.dimension)
        else with_comparison(estimate, dimensions, null, options.box_count.confidence_level)
        for estimate, dimensions in zip(estimates, zip(*samples, strict=True), strict=True)
    ]


def field_violations(field: Array, options: FractalOptions) -> list[Violation]:
    """What is wrong with a field, its values aside, and with what the options say of it."""
    return [
        *shape_violations(field),
        *_type_violations(field),
        *_threshold_violations(field, options.threshold),
        *edge_violations(options.lacunarity_box_edges_cells, field.shape),
    ]


def option_violations(options: FractalOptions) -> list[Violation]:
    """What is wrong with the options, whatever the field."""
    null = options.null_comparison
    return [
        *_estimator_violations(options.estimators),
        *(v.under("box_count") for v in options.box_count.violations()),
        *(v.under("null_comparison") for v in (null.violations() if null else [])),
        *order_violations(options.generalized_orders),
    ]


def _type_violations(field: Array) -> list[Violation]:
    if field.dtype in SETS + FIELDS:
        return []
    text = f"is {field.dtype}, must be bool, uint8, float64 or float32"
    return [Violation("array.element_type", str(field.dtype), text)]


def _threshold_violations(field: Array, threshold: float | None) -> list[Violation]:
    name = "threshold"
    if threshold is None:
        text = f"is missing, must be set for a field of {field.dtype}: the level above which cells form the set"
        return [Violation(name, "", text)] if field.dtype in FIELDS else []
    found = []
    if field.dtype in SETS:
        text = f"is {threshold}, must be left out for a field of {field.dtype}: the cells that are not 0 form the set"
        found.append(Violation(name, str(threshold), text))
    if not math.isfinite(threshold):
        found.append(Violation(name, str(threshold), f"is {threshold}, must be finite"))
    return found


def _estimator_violations(estimators: Sequence[Estimator]) -> list[Violation]:
    return [
        Violation(f"estimators[{i}]", estimator.name, f"is {estimator.name} again, must not repeat")
        for i, estimator in enumerate(estimators)
        if estimator in estimators[:i]
    ]


def _value_violations(field: Array, options: FractalOptions) -> Pieces[list[Violation]]:
    """Cells that are not finite, and negative ones where the field is to be a measure."""
    if field.dtype not in FIELDS:
        return []
    infinite = (yield from marked(field, not_finite)).cells
    negative = (yield from marked(field, below_zero)).cells if options.generalized_orders else 0
    found = []
    if infinite:
        text = f"holds {infinite} values that are not finite, must hold finite numbers only"
        found.append(Violation("array.data", f"{infinite} values", text))
    if negative:
        text = f"holds {negative} negative values, must hold none: a measure has none; or leave generalized_orders out"
        found.append(Violation("array.data", f"{negative} values", text))
    return found
