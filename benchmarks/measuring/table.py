"""Rows as text: tables that a terminal, a log and a diff can all show."""

from collections import Counter
from collections.abc import Mapping, Sequence

from benchmarks.measuring.rows import Bar, Result, Row

HEADINGS = ("subject", "what", "against", "measured", "spread", "bar", "result", "absolute")

QUICK = "Quick: too short for figures, and shows only that it works."

Place = tuple[str, Row]
"""A row and the subject that it is of."""


def render(rows_of: Mapping[str, Sequence[Row]], *, quick: bool) -> str:
    """The rows with a bar, how many keep it, and the rows without one; each part only where there is something.

    quick: whether they were measured so; then the table says it, for a table is easily taken for a result.
    """
    places = [(subject, row) for subject, rows in rows_of.items() for row in rows]
    barred = [place for place in places if _counts(place[1])]
    others = [place for place in places if not _counts(place[1])]
    parts = [f"{_table(barred)}\n\n{verdict([row for _, row in barred])}"] if barred else []
    parts += [f"Without a bar:\n\n{_table(others)}"] if others else []
    return "\n\n".join([*parts, *([QUICK] if quick else [])])


def line(subject: str, row: Row) -> str:
    """One row alone, before the widths of the others are known."""
    return "  ".join(filter(None, _cells(subject, row)))


def verdict(rows: Sequence[Row]) -> str:
    """How many of the rows with a bar keep it, how many miss it, and how many could not be measured."""
    found = Counter(row.result for row in rows)
    told = f"{found[Result.PASS]} of {len(rows)} pass, {found[Result.FAIL]} miss their bar"
    broken = f", {found[Result.BROKEN]} broke" if found[Result.BROKEN] else ""
    skipped = f", {found[Result.SKIPPED]} not measured" if found[Result.SKIPPED] else ""
    return f"{told}{broken}{skipped}."


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Lines of as many cells each, the first of them headings, in columns."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    padded = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join(line.rstrip() for line in (padded[0], rule, *padded[1:]))


def quantity(value: float, unit: str) -> str:
    """A value with its unit, to three significant digits."""
    digits = max(0, 2 - _magnitude(value))
    return f"{value:,.{digits}f} {unit}".rstrip()


def _counts(row: Row) -> bool:
    """Whether the row has a bar, or is what is left of a subject that had some."""
    return row.bar is not None or bool(row.broken)


def _table(places: Sequence[Place]) -> str:
    return aligned([HEADINGS, *(_cells(subject, row) for subject, row in places)])


def _cells(subject: str, row: Row) -> tuple[str, ...]:
    measured = "" if row.value is None else quantity(row.value, row.unit)
    spread = "" if row.spread is None else f"{row.spread:.0%}"
    bar = "" if row.bar is None else _bar(row.bar, row.unit)
    last = row.broken or row.skipped or row.figure
    return subject, row.what, row.against, measured, spread, bar, row.result.value, last


def _bar(bar: Bar, unit: str) -> str:
    return f"{'>=' if bar.at_least else '<='} {quantity(bar.limit, unit)}"


def _magnitude(value: float) -> int:
    """The power of ten of the first digit, no less than -1: 0 for 1 to 9.99, 1 for 10 to 99.9."""
    magnitude = -1
    while abs(value) >= 10 ** (magnitude + 1):
        magnitude += 1
    return magnitude
