"""What commands print: one JSON document, or tables for people."""

# ruff: noqa: PLC0415  # grpc and numpy are loaded when a command runs, not for --help

import json
import math
import sys
from collections.abc import Sequence
from decimal import ROUND_FLOOR, Context
from typing import Any

from rich.console import Console
from rich.table import Table

LARGEST_COUNT = 10**12
"""Whole numbers below it are written out."""


def emit_json(document: Any) -> None:
    """Write one JSON document to stdout; numbers that JSON does not know become null."""
    from mfn_client._decoding import as_plain
    from mfn_client._messages import json_ready

    sys.stdout.write(json.dumps(json_ready(as_plain(document)), allow_nan=False) + "\n")
    sys.stdout.flush()


def console() -> Console:
    """Stdout for people; wide enough for whole rows where it is no terminal."""
    plain = Console(highlight=False)
    return plain if plain.is_terminal else Console(highlight=False, width=160)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table; columns whose name begins with ">" are aligned to the right."""
    made = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        made.add_column(column.removeprefix(">"), justify="right" if column.startswith(">") else "left")
    for row in rows:
        made.add_row(*row)
    return made


def number(value: float | None, digits: int = 6) -> str:
    """A number for people; a dash where there is none."""
    if value is None or math.isnan(value):
        return "–"
    is_large_count = 10**digits <= abs(value) < LARGEST_COUNT and value == int(value)
    return f"{value:,.0f}" if is_large_count else f"{value:.{digits}g}"


def limit(value: float, digits: int = 6) -> str:
    """An upper limit for people: rounded down, so that what is printed may itself be used."""
    if not math.isfinite(value):
        return number(value)
    kept = Context(prec=digits, rounding=ROUND_FLOOR).create_decimal_from_float(value)
    return f"{float(kept):.{digits}g}"


def counted(count: int, thing: str) -> str:
    """A count with its noun: "1 step", "1,000 steps"."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
