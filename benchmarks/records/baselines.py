"""The baselines in `benchmarks/history`: one record for each kind of machine, `baseline.json` being the first.

The kind is the processor and its number of cores.
"""

import re
from pathlib import Path

from benchmarks.records import files
from benchmarks.records.files import HISTORY, RecordError
from benchmarks.records.record import Machine, Record

FIRST = "baseline.json"


def baseline_for(machine: Machine, folder: Path = HISTORY) -> Record:
    """The baseline of this kind of machine, or else the first one; RecordError where there is none at all."""
    known = _by_kind(folder)
    if machine.kind in known:
        return files.read(known[machine.kind])
    if not (folder / FIRST).exists():
        raise RecordError("there is no baseline: make bench-gate ARGS=--rebaseline")
    return files.read(folder / FIRST)


def place_for(machine: Machine, folder: Path = HISTORY) -> Path:
    """Where the baseline of this kind of machine belongs."""
    known = _by_kind(folder)
    if machine.kind in known:
        return known[machine.kind]
    if not (folder / FIRST).exists():
        return folder / FIRST
    processor = re.sub("[^a-z0-9]+", "-", machine.processor.lower()).strip("-")
    return folder / f"baseline-{processor}-{machine.cores}-cores.json"


def _by_kind(folder: Path) -> dict[tuple[str, int], Path]:
    paths = sorted(folder.glob("baseline*.json"))
    return {files.read(path).machine.kind: path for path in reversed(paths)}
