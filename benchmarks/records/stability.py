"""How far a row moves from run to run: what decides whether a gate may hold it to 20 %."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.measuring.table import aligned, quantity
from benchmarks.records.record import Key, Record, RecordedRow

STABLE_WITHIN = 0.1
"""The largest range of a row that the gate may hold: half of what it lets pass."""
LEAST_RUNS = 3
HEADINGS = ("subject", "what", "against", "runs", "lowest", "highest", "range", "verdict")


@dataclass(frozen=True)
class Stability:
    """A row of several runs: its lowest and highest value, and how many runs had it."""

    row: RecordedRow
    runs: int
    lowest: float
    highest: float

    @property
    def range(self) -> float:
        """Highest over lowest, less 1; infinite where a value is not positive."""
        return self.highest / self.lowest - 1 if self.lowest > 0 else float("inf")

    @property
    def is_ratio(self) -> bool:
        """Whether it stands beside something measured in the same run, with a bar that says which way is worse."""
        return self.row.unit == "x" and bool(self.row.against) and self.row.bar is not None

    @property
    def verdict(self) -> str:
        """Whether the gate may hold it, and otherwise why not."""
        if not self.is_ratio:
            return "no ratio with a bar"
        if self.runs < LEAST_RUNS:
            return f"fewer than {LEAST_RUNS} runs"
        return "stable" if self.range <= STABLE_WITHIN else f"moves by more than {STABLE_WITHIN:.0%}"


def stability(records: Sequence[Record]) -> list[Stability]:
    """Every row that has a value in any of the runs, in the order of the first that has it."""
    values: dict[Key, list[float]] = {}
    rows: dict[Key, RecordedRow] = {}
    for record in records:
        for row in record.rows:
            if row.value is not None:
                values.setdefault(row.key, []).append(row.value)
                rows[row.key] = row
    return [Stability(rows[key], len(found), min(found), max(found)) for key, found in values.items()]


def unfit(runs: Mapping[str, Record]) -> list[str]:
    """Why runs, by the names of their files, are no evidence together: each that is not as it must be.

    Evidence are runs at different times of one commit, with nothing else in the tree, on one kind of machine.
    """
    found: list[str] = []
    first: Record | None = None
    seen: dict[str, str] = {}
    for name, run in runs.items():
        first = first or run
        if run.started in seen:
            found.append(f"{name} is the same run as {seen[run.started]}")
        seen.setdefault(run.started, name)
        found.extend(f"{name} is {fault}" for fault in _faults(run, first))
    return found


def _faults(run: Record, first: Record) -> list[str]:
    told = {
        "quick": run.quick,
        "of a tree with uncommitted changes": run.dirty,
        "of no commit": not run.commit,
        f"of another commit ({run.commit[:7]}, not {first.commit[:7]})": run.commit != first.commit,
        f"of another machine ({run.machine.processor}, {run.machine.cores} cores)": run.machine.kind
        != first.machine.kind,
    }
    return [fault for fault, is_so in told.items() if is_so]


def render(found: Sequence[Stability]) -> str:
    """A line a row."""
    return aligned([HEADINGS, *map(_cells, found)])


def _cells(each: Stability) -> tuple[str, ...]:
    row = each.row
    values = quantity(each.lowest, row.unit), quantity(each.highest, row.unit)
    return row.subject, row.what, row.against, str(each.runs), *values, f"{each.range:.1%}", each.verdict
