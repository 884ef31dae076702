"""What a benchmark says: rows, each a measured value beside its bar."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from benchmarks.measuring.timing import Samples


class Result(StrEnum):
    """How a row stands to its bar."""

    PASS = "pass"  # noqa: S105  # a verdict, no password
    FAIL = "FAIL"
    NO_BAR = "no bar"
    SKIPPED = "skipped"
    BROKEN = "BROKEN"


@dataclass(frozen=True)
class Bar:
    """A limit that a value must keep, in the value's unit: from below with `at_least`, from above without."""

    limit: float
    at_least: bool

    def holds(self, value: float) -> bool:
        """Whether the value keeps it; NaN does not."""
        return value >= self.limit if self.at_least else value <= self.limit


def at_least(limit: float) -> Bar:
    """The value must be `limit` or more."""
    return Bar(limit, at_least=True)


def at_most(limit: float) -> Bar:
    """The value must be `limit` or less."""
    return Bar(limit, at_least=False)


@dataclass(frozen=True)
class Row:
    """One line of the table.

    what: what was measured. against: the peer, or "" where the bar is an absolute one.
    value: what is compared with the bar, in `unit`: "x" for a ratio (ours to the peer's rate), "ms", "MiB".
    spread: distance of the quartiles of the value's samples, relative to their median.
    figure: the absolute figures, for the reader.
    samples: every measurement behind the row, by name; kept for the JSON.
    skipped, broken: why there is no value, in words.
    """

    what: str
    against: str = ""
    value: float | None = None
    unit: str = ""
    bar: Bar | None = None
    spread: float | None = None
    figure: str = ""
    samples: Mapping[str, Sequence[float]] = field(default_factory=dict)
    skipped: str = ""
    broken: str = ""

    @property
    def result(self) -> Result:
        """How the row stands to its bar; a broken row has not kept it."""
        if self.broken:
            return Result.BROKEN
        if self.skipped or self.value is None:
            return Result.SKIPPED
        if self.bar is None:
            return Result.NO_BAR
        return Result.PASS if self.bar.holds(self.value) else Result.FAIL

    def as_json(self) -> dict[str, Any]:
        """The row as values that JSON knows."""
        bar = None if self.bar is None else {"at_least" if self.bar.at_least else "at_most": self.bar.limit}
        return {
            "what": self.what,
            "against": self.against,
            "value": self.value,
            "unit": self.unit,
            "bar": bar,
            "result": self.result.value,
            "spread": self.spread,
            "figure": self.figure,
            "why": self.skipped or self.broken,
            "samples": {name: list(values) for name, values in self.samples.items()},
        }


def ratio_row(
    what: str, against: str, ratios: Samples, figure: str, samples: Mapping[str, Samples], bar: Bar | None = None
) -> Row:
    """A row of a ratio that was taken turn by turn. samples: what it was made of."""
    values = {name: each.values for name, each in samples.items()}
    return Row(what, against, ratios.median, "x", bar, ratios.spread, figure, values)


def seconds_row(what: str, seconds: Sequence[float]) -> Row:
    """The median of some runs, each of so many seconds; no bar."""
    samples = Samples(tuple(seconds))
    return Row(what, value=samples.median, unit="s", spread=samples.spread, samples={"seconds": samples.values})
