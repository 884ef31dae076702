"""Records made up for tests."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmarks.measuring.rows import Row, at_least
from benchmarks.records.record import SCHEMA, Machine, Record, RecordedRow

MACHINE = Machine("AMD EPYC", 2, 24_105, "Linux 6.18 x86_64", 0.2, pinning=True)


def row(subject: str = "kernel", what: str = "128 x 128", value: float | None = 1.2, **others: Any) -> RecordedRow:
    """A ratio to C with a bar, unless told otherwise."""
    defaults: dict[str, Any] = {"against": "C stencil", "unit": "x", "bar": at_least(0.85), "spread": 0.02}
    return RecordedRow.of(subject, Row(what, value=value, **(defaults | others)))


def record(*rows: RecordedRow, processor: str = MACHINE.processor, **others: Any) -> Record:
    """A run of a clean tree with these rows."""
    made = Record(
        schema=SCHEMA,
        commit="0f402f8a" + 32 * "0",
        dirty=False,
        started="2026-11-22T09:45:36+00:00",
        quick=False,
        machine=replace(MACHINE, processor=processor),
        versions={"python": "3.11.7", "numpy": "2.4.6"},
        seconds={each.subject: 1.5 for each in rows},
        rows=rows,
    )
    return replace(made, **others)


def runs(*values: float, **others: Any) -> Sequence[Record]:
    """A run for each value of one row, a minute apart."""
    made = [record(row(value=value, **others)) for value in values]
    return [replace(run, started=f"2026-11-22T09:{minute:02}:36+00:00") for minute, run in enumerate(made, start=1)]


def named(records: Sequence[Record]) -> dict[str, Record]:
    """The runs by names of files."""
    return {f"run-{number}.json": run for number, run in enumerate(records, start=1)}
