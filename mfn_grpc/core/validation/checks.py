"""What a check is: something measured, what it should be, and why the two may differ by so much and no more."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from mfn_grpc.core.learning.metrics import TrainingMetrics
from mfn_grpc.core.pieces import Pieces

Measure = Callable[[int], Pieces[float]]
"""A measurement: from a seed, in pieces, to a number in the unit of its check. NaN where there is nothing to measure.

It may raise ValueError (InvalidInput is one) or ArithmeticError; whatever else it raises is a fault of the check.
"""


class Suite(StrEnum):
    """Which checks: each belongs to one subject; QUICK and ALL gather from all subjects."""

    QUICK = "quick"
    PHYSICS = "physics"
    REACTION_DIFFUSION = "reaction_diffusion"
    FRACTAL = "fractal"
    DYNAMICS = "dynamics"
    AGGREGATION = "aggregation"
    LEARNING = "learning"
    ALL = "all"


class Relation(StrEnum):
    """How a measured value is compared with the expected one."""

    WITHIN = "within"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


@dataclass(frozen=True)
class CheckSpec:
    """One check, declared.

    name: unique and stable. suite: its subject, never QUICK or ALL. description: what is measured, one sentence.
    expected: from a source outside the engine. tolerance: absolute, in `unit`, at least 0. unit: "1" when
    dimensionless. reference: where the expected value comes from. in_quick: whether QUICK holds it as well.
    of_training: the same value from the metrics of the training cycle, for whoever has run it for the seed; None for a
    check of anything else.
    """

    name: str
    suite: Suite
    description: str
    measure: Measure
    expected: float
    tolerance: float
    unit: str
    why_this_tolerance: str
    reference: str
    relation: Relation = Relation.WITHIN
    in_quick: bool = False
    of_training: Callable[[TrainingMetrics], float] | None = None

    def passes(self, measured: float) -> bool:
        """Whether a measured value passes; a NaN never does."""
        difference = measured - self.expected
        if self.relation is Relation.AT_LEAST:
            return difference >= -self.tolerance
        if self.relation is Relation.AT_MOST:
            return difference <= self.tolerance
        return abs(difference) <= self.tolerance


@dataclass(frozen=True)
class CheckResult:
    """What a check came to; `detail` says what went wrong, empty when it passed."""

    spec: CheckSpec
    measured: float
    passed: bool
    detail: str


def run_check(spec: CheckSpec, seed: int) -> Pieces[CheckResult]:
    """Measure and compare. An error of the engine's arithmetic or input rules is a failed check, not an exception."""
    try:
        measured = float((yield from spec.measure(seed)))
    except (ValueError, ArithmeticError) as error:
        return CheckResult(spec, math.nan, passed=False, detail=f"{type(error).__name__}: {error}")
    return judge(spec, measured)


def judge(spec: CheckSpec, measured: float) -> CheckResult:
    """What a measured value comes to."""
    passed = spec.passes(measured)
    return CheckResult(spec, measured, passed, "" if passed else _what_is_wrong(spec, measured))


def _what_is_wrong(spec: CheckSpec, measured: float) -> str:
    if math.isnan(measured):
        return "the measurement gave no number"
    allowed = f"{spec.relation.value.replace('_', ' ')} {spec.expected:.12g} with a tolerance of {spec.tolerance:g}"
    return f"measured {measured:.12g} {spec.unit}, must be {allowed}; off by {measured - spec.expected:.6g}"
