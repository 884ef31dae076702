"""What commands print: one JSON document, or tables for people."""

# ruff: noqa: PLC0415  # grpc and numpy are loaded when a command runs, not for --help

import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table


def emit_json(document: Any) -> None:
    """Write one JSON document to stdout; numbers that JSON does not know become null."""
    from mfn_client._messages import json_ready
    from mfn_client._results import as_plain

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
    return "–" if value is None or value != value else f"{value:.{digits}g}"  # noqa: PLR0124  # NaN differs from itself
