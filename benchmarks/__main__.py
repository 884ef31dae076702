"""`python -m benchmarks [NAMES...]`: measure, print the table, and write JSON where asked."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks import registry
from benchmarks.measuring.table import render
from benchmarks.records import files
from benchmarks.records.record import Record, misses
from benchmarks.records.recording import run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; 0 whatever was measured, except with --strict: then 1 when a bar is missed or a subject broke."""
    options = _parser().parse_args(arguments)
    measured, record = run(options.names or registry.names(), quick=options.quick)
    print(render(measured.rows_of))
    print(f"\n{measured.times()}\n{surroundings(record)}")
    if options.json:
        files.write(record, options.json)
    if options.record:
        print(f"Recorded in {files.write(record.bounded(), files.HISTORY / files.file_name(record))}")
    return 1 if misses(record.rows) and options.strict else 0


def surroundings(record: Record) -> str:
    """The commit, the machine and the versions in a line."""
    found = {"commit": record.commit[:7] or "unknown", "dirty": record.dirty} | asdict(record.machine) | record.versions
    return "; ".join(f"{name} {value}" for name, value in found.items())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure speed and memory.")
    names = f"what to measure; default all: {', '.join(registry.names())}"
    parser.add_argument("names", nargs="*", type=_known, metavar="NAME", help=names)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured to FILE")
    parser.add_argument("--record", action="store_true", help="keep the run in benchmarks/history")
    parser.add_argument("--quick", action="store_true", help="few and short repeats: shows that it works, not how fast")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a bar is missed")
    return parser


def _known(name: str) -> str:
    if name not in registry.names():
        raise argparse.ArgumentTypeError(f"there is no {name!r}; choose from {', '.join(registry.names())}")
    return name


if __name__ == "__main__":
    sys.exit(main())
