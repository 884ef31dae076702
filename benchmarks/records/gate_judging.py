"""The gate: ratios that have been shown to be stable may not become more than 20 % worse than the baseline's.

Ratios move with the processor and its number of cores too. Where no baseline of such a machine is committed, the bars
stand in for it: a row must then be worse than the baseline and miss its bar to fail.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from benchmarks.measuring.rows import Bar
from benchmarks.measuring.table import aligned, quantity
from benchmarks.records.record import Key, Record, RecordedRow

MOST_WORSE = 0.2
ROUNDING = 1e-9
"""Of a share: 3.0 to 2.4 is 20 % worse and holds, though binary fractions make it a little more."""
REMEDY = "make bench-gate ARGS=--rebaseline"
HEADINGS = ("subject", "what", "against", "baseline", "now", "worse by", "result")


class Outcome(StrEnum):
    """How a row stands to the baseline."""

    HELD = "held"
    REGRESSION = "REGRESSION"
    BAR_KEPT = "worse, but another machine, and the bar is kept"
    NOT_MEASURED = "NOT MEASURED"


FAILING = {Outcome.REGRESSION, Outcome.NOT_MEASURED}


@dataclass(frozen=True)
class Held:
    """A row of the gate: the baseline's, the one measured now, and the one measured before where that was a miss."""

    baseline: RecordedRow
    now: RecordedRow | None
    same_machine: bool
    first: RecordedRow | None = None

    @property
    def worse_by(self) -> float | None:
        """The share by which the ratio has lost in the row's sense, negative for a gain; None without a value."""
        if self.baseline.value is None or self.baseline.limit is None or self.now is None or self.now.value is None:
            return None
        return worse_by(self.baseline.value, self.now.value, self.baseline.limit)

    @property
    def outcome(self) -> Outcome:
        """Whether it holds."""
        limit = self.baseline.limit
        if self.worse_by is None or limit is None or self.now is None or self.now.value is None:
            return Outcome.NOT_MEASURED
        if self.worse_by <= MOST_WORSE + ROUNDING:
            return Outcome.HELD
        return Outcome.BAR_KEPT if not self.same_machine and limit.holds(self.now.value) else Outcome.REGRESSION

    @property
    def fails(self) -> bool:
        """Whether the gate fails because of it."""
        return self.outcome in FAILING

    def again(self, second: RecordedRow | None) -> "Held":
        """The same with a second measurement, which decides."""
        return Held(self.baseline, second, self.same_machine, first=self.now)


def worse_by(before: float, now: float, bar: Bar) -> float:
    """The loss relative to what was before: of 10, 8 is 20 % worse with at_least, and 12 with at_most."""
    return (before - now) / before if bar.at_least else (now - before) / before


def check(keys: Sequence[Key], baseline: Record) -> None:
    """ValueError names the rows that the baseline lacks, and those from which no loss can be counted."""
    rows = baseline.by_key()
    lacking = [" / ".join(key) for key in keys if key not in rows]
    if lacking:
        raise ValueError(f"the baseline has no row {'; '.join(lacking)}: {REMEDY}")
    unfit = [" / ".join(key) for key in keys if not can_be_lost(rows[key])]
    if unfit:
        raise ValueError(f"the baseline has no positive value with a bar for {'; '.join(unfit)}: {REMEDY}")


def can_be_lost(row: RecordedRow) -> bool:
    """Whether a share of the row's value can be lost: it is finite and above 0, and a bar says which way is worse."""
    return row.limit is not None and row.value is not None and math.isfinite(row.value) and row.value > 0


def hold(keys: Sequence[Key], baseline: Record, now: Record) -> list[Held]:
    """Every row of the gate; ValueError as `check` raises it."""
    check(keys, baseline)
    before, after = baseline.by_key(), now.by_key()
    same = baseline.machine.kind == now.machine.kind
    return [Held(before[key], after.get(key), same) for key in keys]


def failing_subjects(held: Sequence[Held]) -> list[str]:
    """The subjects to measure once more."""
    return list(dict.fromkeys(each.baseline.subject for each in held if each.fails))


def second_look(held: Sequence[Held], again: Mapping[Key, RecordedRow]) -> list[Held]:
    """What fails gets its second measurement; what held stays."""
    return [each.again(again.get(each.baseline.key)) if each.fails else each for each in held]


def cells(each: Held) -> tuple[str, ...]:
    """The row as the table shows it."""
    row = each.baseline
    worse = "" if each.worse_by is None else f"{each.worse_by:+.1%}"
    told = each.outcome.value
    if each.first is not None:
        told += f" (second measurement; the first was {_value(each.first)})"
    return row.subject, row.what, row.against, _value(row), _value(each.now), worse, told


def render(held: Sequence[Held]) -> str:
    """A line a row, for a terminal."""
    return aligned([HEADINGS, *map(cells, held)])


def markdown(held: Sequence[Held]) -> str:
    """The same as a table in Markdown."""
    lines = [HEADINGS, tuple("---" for _ in HEADINGS), *map(cells, held)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _value(row: RecordedRow | None) -> str:
    return "-" if row is None or row.value is None else quantity(row.value, row.unit)
