"""Rows as text: a table that a terminal, a log and a diff can all show."""

from collections.abc import Mapping, Sequence

from benchmarks.measuring.rows import Bar, Row

HEADINGS = ("subject", "what", "against", "measured", "spread", "bar", "result", "absolute")


def render(rows_of: Mapping[str, Sequence[Row]]) -> str:
    """All rows by subject, in aligned columns."""
    lines = [HEADINGS, *(_cells(subject, row) for subject, rows in rows_of.items() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    aligned = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join(line.rstrip() for line in (aligned[0], rule, *aligned[1:]))


def _cells(subject: str, row: Row) -> tuple[str, ...]:
    measured = "" if row.value is None else quantity(row.value, row.unit)
    spread = "" if row.spread is None else f"{row.spread:.0%}"
    bar = "" if row.bar is None else _bar(row.bar, row.unit)
    last = row.broken or row.skipped or row.figure
    return subject, row.what, row.against, measured, spread, bar, row.result.value, last


def quantity(value: float, unit: str) -> str:
    """A value with its unit, to three significant digits."""
    digits = max(0, 2 - _magnitude(value))
    return f"{value:,.{digits}f} {unit}".rstrip()


def _bar(bar: Bar, unit: str) -> str:
    return f"{'>=' if bar.at_least else '<='} {quantity(bar.limit, unit)}"


def _magnitude(value: float) -> int:
    """The power of ten of the first digit, no less than -1: 0 for 1 to 9.99, 1 for 10 to 99.9."""
    magnitude = -1
    while abs(value) >= 10 ** (magnitude + 1):
        magnitude += 1
    return magnitude
