"""How updates become one: the rule, what goes before it, and how many may be faulty."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import nextafter
from sys import float_info
from typing import Any

import numpy as np

from mfn_grpc.core.aggregation.kinds import is_number, one_of, part_violations, wrong_kind
from mfn_grpc.core.aggregation.preaggregators.base import PreAggregator
from mfn_grpc.core.aggregation.preaggregators.nearest_neighbor_mixing import NearestNeighborMixing
from mfn_grpc.core.aggregation.preaggregators.registry import PRE_AGGREGATORS
from mfn_grpc.core.aggregation.rules.base import Rule
from mfn_grpc.core.aggregation.rules.registry import RULES
from mfn_grpc.core.aggregation.rules.trimmed_mean import TrimmedMeanRule
from mfn_grpc.core.aggregation.shares import floor_of
from mfn_grpc.core.limits import Limit, Violation, parameter

MOST_CLIENTS = 10_000
MOST_PRE_AGGREGATORS = 4
DEFAULT_F_FRACTION = 0.2
DEFAULT_RULE = TrimmedMeanRule()
DEFAULT_STEPS: tuple[PreAggregator, ...] = (NearestNeighborMixing(),)
_LEFT_OUT: Any = None
"""Stands for what a policy does not state until __post_init__ resolves it; no policy holds it."""

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
    pre_aggregators: applied in order; by default none, unless the rule is left out as well. Both are resolved when the
    policy is made, so that dataclasses.replace keeps the steps whatever rule it is given. ignore_precondition: run the
    rule below what it needs for f, as far as there is anything to compute.
    """

    faulty: int | float = DEFAULT_F_FRACTION
    rule: Rule = _LEFT_OUT
    pre_aggregators: tuple[PreAggregator, ...] = _LEFT_OUT
    ignore_precondition: bool = False
    screened: ScreenedConvention = ScreenedConvention.COUNT_AS_FAULTY
    screens: Screens = Screens()

    def __post_init__(self) -> None:
        # What callers gave, of whatever kind.
        given: Any = self
        if given.pre_aggregators is _LEFT_OUT:
            object.__setattr__(self, "pre_aggregators", DEFAULT_STEPS if given.rule is _LEFT_OUT else ())
        if given.rule is _LEFT_OUT:
            object.__setattr__(self, "rule", DEFAULT_RULE)
        if isinstance(given.pre_aggregators, list):
            object.__setattr__(self, "pre_aggregators", tuple(given.pre_aggregators))
        if isinstance(given.faulty, np.integer | np.floating):
            object.__setattr__(self, "faulty", given.faulty.item())

    def f(self, n: int) -> int:
        """How many of n updates may be faulty, before the screens."""
        return self.faulty if isinstance(self.faulty, int) else floor_of(self.faulty, n)

    def needed(self, f: int, at_least: int = 1) -> int:
        """The least number of sound updates, from `at_least` on, that this policy can do with for f."""
        known = self.rule.least if self.ignore_precondition else self.rule.needed
        # Mixing and clipping by neighbours need one beside f, also behind steps that make fewer of many.
        places = range(len(self.pre_aggregators))
        n = max([at_least, 1, *(_updates_for(self.pre_aggregators[:k], f + 1) for k in places)])
        while (rows := self.rows(n)) != (wanted := known(f, rows)):
            n = max(n + 1, _updates_for(self.pre_aggregators, wanted))
        return n

    def least_updates(self, at_least: int = 1) -> int | None:
        """The least n, from `at_least` on, that suffices when none fails a screen; None when not even 10,000 do."""
        n = max(1, at_least)
        # What does not suffice for an f does not for a larger one either, so that nothing is passed over.
        while (needed := self.needed(self.f(n), n)) > n and needed <= MOST_CLIENTS:
            n = needed
        return n if needed == n else None

    def rows(self, n: int) -> int:
        """How many rows the pre-aggregators make of n updates."""
        for step in self.pre_aggregators:
            n = step.rows(n)
        return n

    def violations(self) -> list[Violation]:
        """Everything of the wrong kind or outside its range, by the names of the message's fields."""
        return [*self._faulty_violations(), *self._part_violations(), *self._option_violations()]

    def _faulty_violations(self) -> Iterator[Violation]:
        if not is_number(self.faulty):
            yield wrong_kind("faulty", self.faulty, "f as an int or a share as a float")
            return
        named = ("f", _F) if isinstance(self.faulty, int) else ("f_fraction", _F_FRACTION)
        if found := named[1].violation(named[0], self.faulty):
            yield found

    def _part_violations(self) -> Iterator[Violation]:
        if type(self.rule) in RULES.values():
            yield from part_violations(self.rule, name_of(self.rule))
        else:
            yield wrong_kind("rule", self.rule, "an instance of one of the classes in RULES")
        steps: Any = self.pre_aggregators
        if not isinstance(steps, tuple):
            yield wrong_kind("pre_aggregators", steps, "a tuple of pre-aggregators")
            return
        if len(self.pre_aggregators) > MOST_PRE_AGGREGATORS:
            count = str(len(self.pre_aggregators))
            text = f"holds {count}, must hold at most {MOST_PRE_AGGREGATORS}"
            yield Violation("pre_aggregators", count, text)
        for k, step in enumerate(self.pre_aggregators):
            yield from _step_violations(step, f"pre_aggregators[{k}]")

    def _option_violations(self) -> Iterator[Violation]:
        given: Any = self
        if isinstance(given.screens, Screens):
            yield from part_violations(given.screens, "screens")
        else:
            yield wrong_kind("screens", given.screens, "a Screens")
        if not isinstance(given.screened, ScreenedConvention):
            yield wrong_kind("screened", given.screened, one_of(ScreenedConvention))
        if not isinstance(given.ignore_precondition, bool):
            yield wrong_kind("ignore_precondition", given.ignore_precondition, "True or False")


def _step_violations(step: PreAggregator, path: str) -> Iterator[Violation]:
    if type(step) in PRE_AGGREGATORS.values():
        yield from part_violations(step, f"{path}.{name_of(step)}")
    else:
        yield wrong_kind(path, step, "an instance of one of the classes in PRE_AGGREGATORS")


def _updates_for(steps: Sequence[PreAggregator], rows: int) -> int:
    for step in reversed(steps):
        rows = step.updates_for(rows)
    return rows


def name_of(part: Rule | PreAggregator) -> str:
    """The name under which a rule or a pre-aggregator stands in RULES or PRE_AGGREGATORS."""
    named: dict[str, Any] = {**RULES, **PRE_AGGREGATORS}
    return next(name for name, kind in named.items() if kind is type(part))
