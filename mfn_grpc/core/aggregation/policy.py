"""How updates become one: the rule, what goes before it, and how many may be faulty."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from math import nextafter
from sys import float_info
from typing import Any

from mfn_grpc.core.aggregation.preaggregators.base import PreAggregator
from mfn_grpc.core.aggregation.preaggregators.nearest_neighbor_mixing import NearestNeighborMixing
from mfn_grpc.core.aggregation.preaggregators.registry import PRE_AGGREGATORS
from mfn_grpc.core.aggregation.rules.base import Rule
from mfn_grpc.core.aggregation.rules.registry import RULES
from mfn_grpc.core.aggregation.rules.trimmed_mean import TrimmedMeanRule
from mfn_grpc.core.aggregation.shares import floor_of
from mfn_grpc.core.limits import Limit, Violation, limits_of, parameter

MOST_CLIENTS = 10_000
MOST_PRE_AGGREGATORS = 4
DEFAULT_F_FRACTION = 0.2
DEFAULT_RULE = TrimmedMeanRule()
DEFAULT_STEPS: tuple[PreAggregator, ...] = (NearestNeighborMixing(),)

_F = Limit(0, 4999, "1", "updates that may be faulty", whole=True)
_F_FRACTION = Limit(0, nextafter(0.5, 0), "1", "share of updates that may be faulty, below a half")


class ScreenedConvention(StrEnum):
    """How s updates that fail the screens change n and f: to n - s and f - s, or to n - s alone."""

    COUNT_AS_FAULTY = "COUNT_AS_FAULTY"
    KEEP_F = "KEEP_F"


@dataclass(frozen=True)
class Screens:
    """What every update must pass before a rule sees it; values must be finite in any case."""

    max_norm: float | None = parameter(
        None, float_info.min, float_info.max, "1", "largest Euclidean norm; none: no bound"
    )
    max_weight: float = parameter(1e9, float_info.min, float_info.max, "1", "largest weight")


@dataclass(frozen=True)
class AggregationPolicy:
    """How updates become one. Names and defaults are those of the message AggregationPolicy.

    faulty: an int is f itself, a float the share of n that f is: floor(share n), in exact decimals.
    pre_aggregators: applied in order; by default none, unless the rule is left out as well. ignore_precondition: run
    the rule below what it needs for f, as far as there is anything to compute.
    """

    faulty: int | float = DEFAULT_F_FRACTION
    rule: Rule = DEFAULT_RULE
    pre_aggregators: tuple[PreAggregator, ...] = DEFAULT_STEPS
    ignore_precondition: bool = False
    screened: ScreenedConvention = ScreenedConvention.COUNT_AS_FAULTY
    screens: Screens = Screens()

    def __post_init__(self) -> None:
        if self.rule is not DEFAULT_RULE and self.pre_aggregators is DEFAULT_STEPS:
            object.__setattr__(self, "pre_aggregators", ())

    def f(self, n: int) -> int:
        """How many of n updates may be faulty, before the screens."""
        return self.faulty if isinstance(self.faulty, int) else floor_of(self.faulty, n)

    def needed(self, f: int, at_least: int = 1) -> int:
        """The least number of sound updates, from `at_least` on, that this policy can do with for f."""
        known = self.rule.least if self.ignore_precondition else self.rule.needed
        # Mixing and clipping by neighbours need one beside f, also behind steps that make fewer of many.
        places = range(len(self.pre_aggregators))
        n = max([at_least, 1, *(_updates_for(self.pre_aggregators[:k], f + 1) for k in places)])
        while (rows := self._rows(n)) != (wanted := known(f, rows)):
            n = max(n + 1, _updates_for(self.pre_aggregators, wanted))
        return n

    def least_updates(self) -> int | None:
        """The least n that suffices when none fails a screen; None when not even 10,000 do."""
        n = 1
        # What does not suffice for an f does not for a larger one either, so that nothing is passed over.
        while (needed := self.needed(self.f(n), n)) > n and needed <= MOST_CLIENTS:
            n = needed
        return n if needed == n else None

    def violations(self) -> list[Violation]:
        """Everything outside its range, by the names of the message's fields."""
        return [*self._faulty_violations(), *self._part_violations()]

    def _rows(self, n: int) -> int:
        for step in self.pre_aggregators:
            n = step.rows(n)
        return n

    def _faulty_violations(self) -> Iterator[Violation]:
        named = ("f", _F) if isinstance(self.faulty, int) else ("f_fraction", _F_FRACTION)
        if found := named[1].violation(named[0], self.faulty):
            yield found

    def _part_violations(self) -> Iterator[Violation]:
        yield from _violations(self.rule, name_of(self.rule))
        if len(self.pre_aggregators) > MOST_PRE_AGGREGATORS:
            count = str(len(self.pre_aggregators))
            text = f"holds {count}, must hold at most {MOST_PRE_AGGREGATORS}"
            yield Violation("pre_aggregators", count, text)
        for k, step in enumerate(self.pre_aggregators):
            yield from _violations(step, f"pre_aggregators[{k}].{name_of(step)}")
        yield from _violations(self.screens, "screens")


def _updates_for(steps: Sequence[PreAggregator], rows: int) -> int:
    for step in reversed(steps):
        rows = step.updates_for(rows)
    return rows


def name_of(part: Rule | PreAggregator) -> str:
    """The name under which a rule or a pre-aggregator stands in RULES or PRE_AGGREGATORS."""
    named: dict[str, Any] = {**RULES, **PRE_AGGREGATORS}
    return next(name for name, kind in named.items() if kind is type(part))


def _violations(part: Any, path: str) -> Iterator[Violation]:
    """As limits.violations_of, but a field that is None is left to its default."""
    limits = limits_of(part)
    for field in fields(part):
        value = getattr(part, field.name)
        if field.name in limits and value is not None and (found := limits[field.name].violation(field.name, value)):
            yield found.under(path)
