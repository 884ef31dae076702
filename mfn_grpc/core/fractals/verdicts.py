"""What the counts say about a dimension, in one word and in a sentence."""

from collections.abc import Sequence
from typing import NamedTuple

from mfn_grpc.core.fractals.fitting import Line
from mfn_grpc.core.fractals.results import Verdict

FEWEST_SCALES = 3
WIDEST_SPREAD = 0.5
"""How far apart the local dimensions of one power law may be: counts of a few boxes are that coarse, noise is worse."""
WHOLE_NUMBER_MARGIN = 0.05
"""How near to a whole number a dimension is taken for one: counts on a grid tell no better."""


class Evidence(NamedTuple):
    """The fit of a dimension: its line, the half width of its interval and the local dimensions, finest scale first."""

    line: Line
    half_width: float
    local_dimensions: Sequence[float]

    @property
    def dimension(self) -> float:
        """Minus the slope, 0 rather than -0."""
        return 0.0 - self.line.slope


def judge(evidence: Evidence) -> tuple[Verdict, str]:
    """The verdict on a fit over two or more scales, without a null model."""
    if evidence.line.points < FEWEST_SCALES:
        return Verdict.UNDEFINED, f"{evidence.line.points} scales are left, a verdict needs {FEWEST_SCALES}"
    if reason := _why_no_scaling(evidence):
        return Verdict.NO_SCALING, reason
    dimension, nearest = evidence.dimension, round(evidence.dimension)
    interval = f"{dimension - evidence.half_width:.3f} to {dimension + evidence.half_width:.3f}"
    law = f"one power law holds over {evidence.line.points} scales, and its dimension {dimension:.3f} ({interval})"
    if abs(dimension - nearest) <= max(evidence.half_width, WHOLE_NUMBER_MARGIN):
        return Verdict.NOT_FRACTAL, f"{law} cannot be told from {nearest}"
    return Verdict.FRACTAL, f"{law} is no whole number"


def _why_no_scaling(evidence: Evidence) -> str:
    """Why no one dimension describes the set; empty when one does.

    A set with smooth outlines betrays itself on the smallest scales: there its local dimension is whole, and only the
    window bends the fit away from it.
    """
    low, high = min(evidence.local_dimensions), max(evidence.local_dimensions)
    if high - low > WIDEST_SPREAD:
        return f"the local dimension runs from {low:.3f} to {high:.3f} between scales: no one power law holds"
    finest = evidence.local_dimensions[0]
    whole = round(finest)
    if abs(finest - whole) <= WHOLE_NUMBER_MARGIN < abs(evidence.dimension - whole):
        return f"the local dimension is {finest:.3f} on the smallest scales and not on all: the set is smooth there"
    return ""
