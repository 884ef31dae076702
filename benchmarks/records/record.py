"""A record: one run of the benchmarks, with the commit, the machine and the versions that it was made with."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import ConfigDict

from benchmarks.measuring.rows import Bar, Result, Row

SCHEMA = 1
"""Counts up when a reader of the old form would misread the new one."""
MOST_SAMPLES = 200
"""Numbers a row keeps in a bounded record."""

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

Key = tuple[str, str, str]
"""What a row is known by from run to run: its subject, what was measured, and against what."""


@dataclass(frozen=True)
class RecordedRow:
    """A row as it was; `bar` is {"at_least": limit}, {"at_most": limit} or None, `why` says why there is no value."""

    __pydantic_config__ = STRICT

    subject: str
    what: str
    against: str
    value: float | None
    unit: str
    bar: dict[Literal["at_least", "at_most"], float] | None
    result: Literal["pass", "FAIL", "no bar", "skipped", "BROKEN"]
    spread: float | None
    figure: str
    why: str
    samples: dict[str, tuple[float, ...]]

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.subject, self.what, self.against

    @property
    def limit(self) -> Bar | None:
        """Its bar."""
        if not self.bar:
            return None
        ((way, limit),) = self.bar.items()
        return Bar(limit, at_least=way == "at_least")

    @classmethod
    def of(cls, subject: str, row: Row) -> "RecordedRow":
        """The row; JSON knows no infinity and no NaN, so such a value is left out and its result stays."""
        written = row.as_json()
        written["samples"] = {name: tuple(filter(math.isfinite, values)) for name, values in row.samples.items()}
        return cls(subject, **written | {"value": _finite(row.value), "spread": _finite(row.spread)})


@dataclass(frozen=True)
class Machine:
    """Where it was measured; `load_1min` is that of the start."""

    __pydantic_config__ = STRICT

    processor: str
    cores: int
    memory_mib: int
    system: str
    load_1min: float
    pinning: bool

    @property
    def kind(self) -> tuple[str, int]:
        """Processor and cores: what ratios move with."""
        return self.processor, self.cores


@dataclass(frozen=True)
class Record:
    """One run.

    commit: of the tree, or "" outside a repository. dirty: whether the tree held anything that is not in it.
    started: ISO 8601 in UTC. seconds: what each subject took.
    """

    __pydantic_config__ = STRICT

    schema: int
    commit: str
    dirty: bool
    started: str
    quick: bool
    machine: Machine
    versions: dict[str, str]
    seconds: dict[str, float]
    rows: tuple[RecordedRow, ...]

    @property
    def name(self) -> str:
        """Short and readable: when, and of which commit."""
        return f"{self.started} {self.commit[:7] or 'no commit'}{' (dirty)' if self.dirty else ''}"

    def by_key(self) -> dict[Key, RecordedRow]:
        """The rows by what they are known by."""
        return {row.key: row for row in self.rows}

    def bounded(self) -> "Record":
        """The same with at most 200 samples a row, evenly taken from all of them."""
        return replace(self, rows=tuple(replace(row, samples=_bounded(row.samples)) for row in self.rows))


def recorded(rows_of: Mapping[str, Sequence[Row]]) -> tuple[RecordedRow, ...]:
    """Rows by subject as a record keeps them."""
    return tuple(RecordedRow.of(subject, row) for subject, rows in rows_of.items() for row in rows)


def misses(rows: Sequence[RecordedRow]) -> list[RecordedRow]:
    """Those that have not kept their bar."""
    return [row for row in rows if row.result in {Result.FAIL, Result.BROKEN}]


def _bounded(samples: Mapping[str, tuple[float, ...]]) -> dict[str, tuple[float, ...]]:
    most = max(1, MOST_SAMPLES // max(1, len(samples)))
    return {name: values[:: math.ceil(len(values) / most) or 1] for name, values in samples.items()}


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
