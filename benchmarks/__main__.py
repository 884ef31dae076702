"""`python -m benchmarks [NAMES...]`: measure, print the table, and write JSON where asked."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks import registry
from benchmarks.measuring.table import render
from benchmarks.records import files
from benchmarks.records.new_record import run
from benchmarks.records.record import Record, misses

INTERRUPTED = 130
"""As a shell tells that SIGINT ended a program."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; 0 whatever was measured, except with --strict: then 1 when a bar is missed or a subject broke.

    2 for options that cannot be, before anything is measured; 130 after Ctrl-C, with what there is.
    """
    options = _options(arguments)
    measured, record = run(options.names or registry.names(), quick=options.quick)
    kept = _kept(options, record, whole=not measured.interrupted)
    print(render(measured.rows_of, quick=record.quick))
    print(f"\n{measured.times()}\n{surroundings(record)}")
    for told in kept:
        print(told)
    if measured.interrupted:
        return INTERRUPTED
    return 1 if misses(record.rows) and options.strict else 0


def surroundings(record: Record) -> str:
    """The commit, the machine and the versions in a line."""
    found = {"commit": record.commit[:7] or "unknown", "dirty": record.dirty} | asdict(record.machine) | record.versions
    return "; ".join(f"{name} {value}" for name, value in found.items())


def _kept(options: argparse.Namespace, record: Record, *, whole: bool) -> list[str]:
    """Write what was asked for, the record first; half a run is no record. Returns what to tell of it."""
    told = []
    if options.record and whole:
        told.append(f"Recorded in {files.write(record.bounded(), files.HISTORY / files.file_name(record))}")
    if options.json:
        files.write(record, options.json)
    return told if whole else [*told, "Interrupted: not everything was measured, and nothing is recorded."]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for, and can be done."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.quick and options.record:
        parser.error("--quick shows that it works, not how fast: nothing to --record")
    try:
        if options.json:
            files.check_place(options.json)
    except files.RecordError as error:
        parser.error(str(error))
    return options


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
