"""The dimension of a set of cells by counting boxes (Falconer, Fractal Geometry, 2003, ch. 3), with its evidence."""

import math
from itertools import pairwise

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.fractals.checks import mask_violations
from mfn_grpc.core.fractals.counting import Cells, Scale, bounding_box, cells, count, edges, is_one_cell
from mfn_grpc.core.fractals.fitting import fit_line, half_width
from mfn_grpc.core.fractals.options import BoxCountOptions, Estimator
from mfn_grpc.core.fractals.results import BoxCount, DimensionEstimate, Verdict
from mfn_grpc.core.fractals.saturation import used_scales
from mfn_grpc.core.fractals.verdicts import judged
from mfn_grpc.core.limits import refuse
from mfn_grpc.core.pieces import Pieces

DEFAULTS = BoxCountOptions()


def estimate_dimension(
    mask: Array, estimator: Estimator = Estimator.BOX_COUNT, options: BoxCountOptions = DEFAULTS
) -> Pieces[DimensionEstimate]:
    """The dimension of the cells of `mask` that are True; bool [rows, cols], 1 to 8192 each.

    NaN for an empty set and where fewer than two scales are left, 0 for one cell. The interval takes the residuals of
    the counts as independent, which they are not quite: it is a lower bound of the uncertainty. The verdict is never
    FRACTAL, since no chance patterns are looked at; `analyze` does so when asked. Raises InvalidInput.
    """
    refuse([*mask_violations(mask), *options.violations()])
    return (yield from _estimate(mask, estimator, options))


def _estimate(mask: Array, estimator: Estimator, options: BoxCountOptions) -> Pieces[DimensionEstimate]:
    box = yield from bounding_box(mask)
    if box is None:
        return _without_fit(estimator, math.nan, [], "the set is empty")
    window = mask[box] if options.crop_to_bounding_box else mask
    counted = yield from cells(window, estimator, whole_field=not options.crop_to_bounding_box)
    wanted_edges = edges(window.shape, options)
    scales = yield from count(counted, wanted_edges, options.base.ratio, minimize=options.minimize_over_offsets)
    if estimator is Estimator.BOX_COUNT and is_one_cell(box):
        return _without_fit(estimator, 0.0, scales, "the set is one cell, and a point has dimension 0")
    return _fitted(estimator, counted, scales, options.confidence_level)


def _fitted(estimator: Estimator, counted: Cells, scales: list[Scale], confidence_level: float) -> DimensionEstimate:
    used = used_scales(scales)
    chosen = [scale for scale, is_used in zip(scales, used, strict=True) if is_used]
    if len(chosen) < 2:
        return _too_few(estimator, counted, scales)
    line = fit_line([math.log(s.edge) for s in chosen], [math.log(s.boxes) for s in chosen])
    counts = _counts(scales, used)
    dimension, width = 0.0 - line.slope, half_width(line, confidence_level)
    low, high = dimension - width, dimension + width
    return judged(DimensionEstimate(estimator, dimension, low, high, line.r_squared, counts, Verdict.UNDEFINED, ""))


def _too_few(estimator: Estimator, counted: Cells, scales: list[Scale]) -> DimensionEstimate:
    smallest = next((scale for scale in scales if scale.boxes), None)
    if smallest and smallest.boxes == smallest.places:
        sides = sum(side > smallest.edge for side in counted.codes.shape)
        return _without_fit(estimator, float(sides), scales, f"the set fills a window of {sides} dimensions")
    return _without_fit(estimator, math.nan, scales, "fewer than two scales are left that are not saturated")


def _without_fit(estimator: Estimator, dimension: float, scales: list[Scale], reason: str) -> DimensionEstimate:
    counts = _counts(scales, [False] * len(scales))
    nan = math.nan
    return DimensionEstimate(estimator, dimension, nan, nan, nan, counts, Verdict.UNDEFINED, reason)


def _counts(scales: list[Scale], used: list[bool]) -> tuple[BoxCount, ...]:
    """The scales with the local dimension of each used one to the next used one."""
    chosen = [scale for scale, is_used in zip(scales, used, strict=True) if is_used]
    local = {
        scale.edge: math.log(scale.boxes / after.boxes) / math.log(after.edge / scale.edge)
        for scale, after in pairwise(chosen)
    }
    return tuple(BoxCount(s.edge, s.boxes, local.get(s.edge), u) for s, u in zip(scales, used, strict=True))
