"""Measuring: subjects one after another, none of which stops the others by breaking."""

import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks import registry
from benchmarks.measuring.rows import Row
from benchmarks.measuring.table import line


@dataclass(frozen=True)
class Measured:
    """The rows of each subject, in the order measured, and the seconds on the clock that each took.

    interrupted: whether Ctrl-C ended it, so that the last subject may lack rows and others are not there.
    """

    rows_of: dict[str, list[Row]]
    seconds: dict[str, float]
    interrupted: bool = False

    def times(self) -> str:
        """The seconds as a line of text."""
        each = ", ".join(f"{name} {taken:,.0f}" for name, taken in self.seconds.items())
        return f"Seconds: {each}; together {sum(self.seconds.values()):,.0f}."


def measured(names: Sequence[str], *, quick: bool) -> Measured:
    """Measure the subjects; titles go to stderr as each begins, and rows as they come.

    KeyboardInterrupt ends it with what there is.
    """
    rows_of: dict[str, list[Row]] = {}
    seconds: dict[str, float] = {}
    for name in names:
        began, interrupted = time.perf_counter(), False
        rows_of[name] = []
        try:
            for row in _rows(name, quick=quick):
                rows_of[name].append(row)
                print(line(name, row), file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            interrupted = True
        seconds[name] = round(time.perf_counter() - began, 1)
        if interrupted:
            return Measured(rows_of, seconds, interrupted=True)
    return Measured(rows_of, seconds)


def _rows(name: str, *, quick: bool) -> Iterator[Row]:
    """The rows of one subject; when it breaks, those it had and one that says how."""
    try:
        subject = registry.load(name)
        print(f"{name}: {subject.title}", file=sys.stderr, flush=True)
        yield from _distinct(subject.measure(quick))
    except Exception as error:  # noqa: BLE001  # the other subjects are still worth measuring; this one is told
        traceback.print_exc()
        yield Row(what="the subject itself", broken=f"{type(error).__name__}: {error}")


def _distinct(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows; ValueError at one that a record could not tell from one before it."""
    seen = set[tuple[str, str]]()
    for row in rows:
        if (row.what, row.against) in seen:
            raise ValueError(f"two rows {row.what!r} against {row.against!r}")
        seen.add((row.what, row.against))
        yield row
