"""`python -m benchmarks [NAMES...]`: measure, print a table, and write JSON where asked."""

import argparse
import json
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import registry
from benchmarks.measuring.machine import machine, versions
from benchmarks.measuring.rows import Result, Row
from benchmarks.measuring.table import render


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; 0 whatever was measured, except with --strict: then 1 when a bar is missed or a subject broke."""
    options = _parser().parse_args(arguments)
    surroundings = {"started": datetime.now(UTC).isoformat(timespec="seconds"), "quick": options.quick}
    surroundings |= {"machine": machine(), "versions": versions()}
    rows_of = {name: list(_measured(name, quick=options.quick)) for name in options.names or registry.names()}
    print(render(rows_of))
    print("; ".join(f"{name} {value}" for name, value in (surroundings["machine"] | surroundings["versions"]).items()))
    if options.json:
        options.json.write_text(json.dumps(report(surroundings, rows_of), indent=1) + "\n", encoding="utf-8")
    missed = [row for rows in rows_of.values() for row in rows if row.result in {Result.FAIL, Result.BROKEN}]
    return 1 if missed and options.strict else 0


def report(surroundings: Mapping[str, Any], rows_of: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    """What the JSON file holds: when, where, with what, and the rows with every sample."""
    rows = [{"subject": subject, **row.as_json()} for subject, rows in rows_of.items() for row in rows]
    return {**surroundings, "rows": rows}


def _measured(name: str, *, quick: bool) -> Iterator[Row]:
    """The rows of one subject; when it breaks, those it had and one that says how."""
    try:
        subject = registry.load(name)
        print(f"{name}: {subject.title}", file=sys.stderr, flush=True)
        yield from subject.measure(quick)
    except Exception as error:  # noqa: BLE001  # the other subjects are still worth measuring; this one is told
        traceback.print_exc()
        yield Row(what="the subject itself", broken=f"{type(error).__name__}: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure speed and memory.")
    names = f"what to measure; default all: {', '.join(registry.names())}"
    parser.add_argument("names", nargs="*", type=_known, metavar="NAME", help=names)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured to FILE")
    parser.add_argument("--quick", action="store_true", help="few and short repeats: shows that it works, not how fast")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a bar is missed")
    return parser


def _known(name: str) -> str:
    if name not in registry.names():
        raise argparse.ArgumentTypeError(f"there is no {name!r}; choose from {', '.join(registry.names())}")
    return name


if __name__ == "__main__":
    sys.exit(main())
