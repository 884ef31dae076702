"""The three levels above which cells count as active."""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import pairwise

from mfn_grpc.core.limits import InvalidInput, Violation

FIELD = "thresholds"
COUNT = 3


@dataclass(frozen=True)
class Thresholds:
    """Levels in the unit of the field, finite and rising; the defaults are for membrane potentials in mV."""

    low: float = -60.0
    medium: float = -50.0
    high: float = -40.0

    @classmethod
    def of(cls, values: Sequence[float]) -> "Thresholds":
        """From three numbers; raises InvalidInput when there are not three, or when they are not finite and rising."""
        if len(values) != COUNT:
            text = f"has {len(values)} entries, must have {COUNT}: low, medium and high"
            raise InvalidInput([Violation(FIELD, str(len(values)), text)])
        thresholds = cls(*values)
        if violations := thresholds.violations():
            raise InvalidInput(violations)
        return thresholds

    def violations(self) -> list[Violation]:
        """Each threshold that is not finite; when all are, each that is not above the one before."""
        values = astuple(self)
        found = [
            Violation(f"{FIELD}[{i}]", str(value), f"is {value}, must be finite")
            for i, value in enumerate(values)
            if not math.isfinite(value)
        ]
        return found or [
            Violation(f"{FIELD}[{i}]", str(high), f"is {high}, must be above {low}, the threshold before it")
            for i, (low, high) in enumerate(pairwise(values), start=1)
            if high <= low
        ]
