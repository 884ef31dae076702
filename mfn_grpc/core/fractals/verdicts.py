"""What the counts, and the chance patterns beside them, say about a dimension, in one word and in a sentence."""

import math
from collections.abc import Sequence
from dataclasses import replace

from mfn_grpc.core.fractals.fitting import fit_line
from mfn_grpc.core.fractals.results import BoxCount, DimensionEstimate, Verdict

FEWEST_SCALES = 3
WIDEST_SPREAD = 0.5
"""How far apart the local dimensions of one power law may be: counts of a few boxes are that coarse, noise is worse."""
WHOLE_NUMBER_MARGIN = 0.05
"""How near to a whole number a dimension is taken for one: counts on a grid tell no better."""
DECADE = 10
"""Largest edge over smallest that a fractal must hold for: most sets look like a power law over less (Avnir 1998)."""
FRACTAL_SPREAD = 0.2
FRACTAL_DRIFT = 0.1
"""How far apart the local dimensions of a fractal may be, and how far their trend may lead them from end to end.

Those of exact fractals on their own grid are equal; those of smooth outlines, thick lines and blobs drift by more.
"""
NO_COMPARISON = "ask for a null comparison"


def judged(estimate: DimensionEstimate, doubt: str = NO_COMPARISON) -> DimensionEstimate:
    """An estimate that has a fit, with its verdict.

    doubt: what keeps chance from being ruled out, in words; empty where it is. FRACTAL takes that, since thresholded
    noise follows power laws over a decade, too.
    """
    verdict, reason = _judge(estimate, doubt)
    return replace(estimate, verdict=verdict, verdict_reason=reason)


def scales_used(estimate: DimensionEstimate) -> list[BoxCount]:
    """The scales that the fit uses, edges rising."""
    return [count for count in estimate.counts if count.used]


def _judge(estimate: DimensionEstimate, doubt: str) -> tuple[Verdict, str]:
    scales, dimension = scales_used(estimate), estimate.dimension
    if len(scales) < FEWEST_SCALES:
        return Verdict.UNDEFINED, f"{len(scales)} scales are left, a verdict needs {FEWEST_SCALES}"
    local_dimensions = [count.local_dimension for count in scales if count.local_dimension is not None]
    if reason := _why_no_scaling(dimension, local_dimensions):
        return Verdict.NO_SCALING, reason
    nearest, half_width = round(dimension), estimate.dimension_high - dimension
    interval = f"{estimate.dimension_low:.3f} to {estimate.dimension_high:.3f}"
    law = f"one power law holds over {len(scales)} scales, and its dimension {dimension:.3f} ({interval})"
    if abs(dimension - nearest) <= max(half_width, WHOLE_NUMBER_MARGIN):
        return Verdict.NOT_FRACTAL, f"{law} cannot be told from {nearest}"
    if reason := _why_no_fractal(scales, local_dimensions):
        return Verdict.NO_SCALING, reason
    span = scales[-1].box_edge_cells / scales[0].box_edge_cells
    if span < DECADE or doubt:
        chance = f"chance patterns can scale as well: {doubt}"
        missing = f"the edges span a factor of {span:g}, short of {DECADE}" if span < DECADE else chance
        return Verdict.UNDEFINED, f"{law} is no whole number, but {missing}"
    return Verdict.FRACTAL, f"{law} is no whole number, and chance patterns have others"


def _why_no_scaling(dimension: float, local_dimensions: Sequence[float]) -> str:
    """Why no one dimension describes the set; empty when one does.

    A set with smooth outlines betrays itself on the smallest scales: there its local dimension is whole, and only the
    window bends the fit away from it.
    """
    low, high = min(local_dimensions), max(local_dimensions)
    if high - low > WIDEST_SPREAD:
        return f"the local dimension runs from {low:.3f} to {high:.3f} between scales: no one power law holds"
    finest = local_dimensions[0]
    whole = round(finest)
    if abs(finest - whole) <= WHOLE_NUMBER_MARGIN < abs(dimension - whole):
        return f"the local dimension is {finest:.3f} on the smallest scales and not on all: the set is smooth there"
    return ""


def _why_no_fractal(scales: Sequence[BoxCount], local_dimensions: Sequence[float]) -> str:
    """Why a dimension that is no whole number is not one of a power law after all; empty when it is."""
    low, high = min(local_dimensions), max(local_dimensions)
    if high - low > FRACTAL_SPREAD:
        return f"the local dimension runs from {low:.3f} to {high:.3f} between scales, too far for a fractal"
    logs = [math.log(count.box_edge_cells) for count in scales[:-1]]
    drift = fit_line(logs, local_dimensions).slope * (logs[-1] - logs[0])
    if abs(drift) > FRACTAL_DRIFT:
        return f"the local dimension drifts by {drift:+.3f} from the smallest scales to the largest"
    return ""
