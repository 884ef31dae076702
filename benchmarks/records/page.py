"""The figures of docs/performance.md: two recorded runs as tables, written between marks that the page holds."""

import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring.table import quantity
from benchmarks.records.files import RecordError
from benchmarks.records.record import Record, RecordedRow

RESULTS = {"pass": "pass", "FAIL": "**misses**", "BROKEN": "**broke**", "skipped": "not measured", "no bar": ""}


def fill(page: Path, first: Record, second: Record) -> None:
    """Write the tables `runs`, `bars` and `figures` into the page; RecordError where it lacks the marks of one."""
    text = page.read_text(encoding="utf-8")
    for name, table in {"runs": _runs(first, second), "bars": bars(first, second), "figures": figures(second)}.items():
        text = _between(text, name, table)
    page.write_text(text, encoding="utf-8")


def bars(first: Record, second: Record) -> str:
    """Every row with a bar, as it was in either run."""
    earlier = first.by_key()
    lines = [["subject", "what", "against", "first run", "second run", "spread", "bar", ""]]
    for row in (row for row in second.rows if row.limit is not None):
        values = _value(earlier.get(row.key)), _value(row)
        lines.append([*_named(row), *values, _spread(row), _bar(row), RESULTS[row.result]])
    return _markdown(lines)


def figures(record: Record) -> str:
    """Every row without a bar."""
    lines = [["subject", "what", "against", "measured", "absolute"]]
    lines += [[*_named(row), _value(row), row.figure] for row in record.rows if row.limit is None]
    return _markdown(lines)


def _runs(first: Record, second: Record) -> str:
    lines = [["run", "begun (UTC)", "commit", "minutes"]]
    for name, record in {"first": first, "second": second}.items():
        minutes = round(sum(record.seconds.values()) / 60)
        commit = f"{record.commit[:7]}{', changed' if record.dirty else ''}"
        lines.append([name, f"{record.started:.16}".replace("T", " "), commit, str(minutes)])
    return _markdown(lines)


def _named(row: RecordedRow) -> tuple[str, str, str]:
    return f"`{row.subject}`", _typeset(row.what), _typeset(row.against)


def _typeset(text: str) -> str:
    return re.sub(r"(\d) x (\d)", r"\1×\2", text)


def _value(row: RecordedRow | None) -> str:
    return "" if row is None or row.value is None else quantity(row.value, row.unit).replace(" x", " ×")


def _spread(row: RecordedRow) -> str:
    return "" if row.spread is None else f"{row.spread:.0%}"


def _bar(row: RecordedRow) -> str:
    if row.limit is None:
        return ""
    return f"{'≥' if row.limit.at_least else '≤'} {quantity(row.limit.limit, row.unit)}".replace(" x", " ×")


def _markdown(lines: Sequence[Sequence[str]]) -> str:
    head, *rest = (f"| {' | '.join(line)} |".replace("  |", " |") for line in lines)
    return "\n".join([head, f"|{' --- |' * len(lines[0])}", *rest])


def _between(text: str, name: str, table: str) -> str:
    begin, end = f"<!-- begin {name} -->\n", f"\n<!-- end {name} -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise RecordError(f"the page lacks the marks {begin.strip()} and {end.strip()}")
    return f"{before}{begin}\n{table}\n{end}{after}"
