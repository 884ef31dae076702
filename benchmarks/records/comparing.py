"""Two records side by side: what changed by more than the measurements scatter, in a run and from run to run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.measuring.table import aligned, quantity
from benchmarks.records.record import Key, Record, RecordedRow

HEADINGS = ("subject", "what", "against", "A", "B", "change", "spread A", "spread B", "run to run", "verdict")


@dataclass(frozen=True)
class Comparison:
    """A row of two runs; None where one of them lacks it.

    run_to_run: by which share its values differ from run to run of one commit, where that is known.
    """

    a: RecordedRow | None
    b: RecordedRow | None
    run_to_run: float | None = None

    @property
    def row(self) -> RecordedRow:
        """The row of either."""
        row = self.b or self.a
        if row is None:
            raise ValueError("a comparison of nothing")
        return row

    @property
    def change(self) -> float | None:
        """(B - A) / |A|; None without two values or with A = 0."""
        if self.a is None or self.b is None or self.a.unit != self.b.unit or not self.a.value or self.b.value is None:
            return None
        return (self.b.value - self.a.value) / abs(self.a.value)

    @property
    def verdict(self) -> str:
        """What the change means: it counts when it exceeds the spreads of both runs and the range from run to run."""
        if self.a is None or self.b is None:
            return "only in A" if self.b is None else "only in B"
        if self.change is None:
            return "not comparable"
        if self.a.spread is None or self.b.spread is None:
            return "spread unknown"
        if abs(self.change) <= max(self.a.spread, self.b.spread, self.run_to_run or 0.0):
            return "no difference"
        if self.b.limit is None:
            return "changed"
        return "better" if (self.change > 0) == self.b.limit.at_least else "worse"


def compare(a: Record, b: Record, ranges: Mapping[Key, float]) -> list[Comparison]:
    """Every row of either, in the order of B, then those that only A has; ranges: from run to run, where known."""
    of_a, of_b = a.by_key(), b.by_key()
    shared = [Comparison(of_a.get(key), row, ranges.get(key)) for key, row in of_b.items()]
    return [*shared, *(Comparison(row, None) for key, row in of_a.items() if key not in of_b)]


def render(a: Record, b: Record, ranges: Mapping[Key, float]) -> str:
    """The comparison as a table, with what differs between the surroundings above it."""
    lines = [f"A: {a.name}", f"B: {b.name}", *_surroundings(a, b), ""]
    return "\n".join([*lines, table(compare(a, b, ranges))])


def table(comparisons: Sequence[Comparison]) -> str:
    """A line a row."""
    return aligned([HEADINGS, *map(_cells, comparisons)])


def _surroundings(a: Record, b: Record) -> list[str]:
    """What makes the comparison doubtful."""
    doubts = []
    if (a.started, a.commit, a.machine) == (b.started, b.commit, b.machine):
        doubts.append("A and B are the same run")
    elif a.commit and a.commit == b.commit:
        aside = ", uncommitted changes aside" if a.dirty or b.dirty else ""
        doubts.append(f"A and B are of the same commit{aside}: what differs is not the code")
    if a.machine.kind != b.machine.kind:
        kinds = (f"{machine.processor}, {machine.cores} cores" for machine in (a.machine, b.machine))
        doubts.append(f"different machines: {' and '.join(kinds)}")
    if a.quick or b.quick:
        doubts.append("measured quickly: the figures show that it works, not how fast")
    moved = [name for name in sorted({*a.versions, *b.versions}) if a.versions.get(name) != b.versions.get(name)]
    return doubts + [f"{name}: {a.versions.get(name, '-')} and {b.versions.get(name, '-')}" for name in moved]


def _cells(each: Comparison) -> tuple[str, ...]:
    row = each.row
    change = "" if each.change is None else f"{each.change:+.1%}"
    known = "" if each.run_to_run is None else f"{each.run_to_run:.1%}"
    scatter = (_spread(each.a), _spread(each.b), known)
    return row.subject, row.what, row.against, _value(each.a), _value(each.b), change, *scatter, each.verdict


def _value(row: RecordedRow | None) -> str:
    if row is None:
        return "-"
    return row.result if row.value is None else quantity(row.value, row.unit)


def _spread(row: RecordedRow | None) -> str:
    return "" if row is None or row.spread is None else f"{row.spread:.0%}"
