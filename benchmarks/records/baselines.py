"""The baselines in `benchmarks/history`: one record for each kind of processor, `baseline.json` being the first."""

import re
from pathlib import Path

from benchmarks.records import files
from benchmarks.records.files import HISTORY, RecordError
from benchmarks.records.record import Record

FIRST = "baseline.json"


def baseline_for(processor: str, folder: Path = HISTORY) -> Record:
    """The baseline of this kind of processor, or else the first one; RecordError where there is none at all."""
    known = _by_processor(folder)
    if processor in known:
        return files.read(known[processor])
    if not (folder / FIRST).exists():
        raise RecordError("there is no baseline: make bench-gate ARGS=--rebaseline")
    return files.read(folder / FIRST)


def place_for(processor: str, folder: Path = HISTORY) -> Path:
    """Where the baseline of this kind of processor belongs."""
    known = _by_processor(folder)
    if processor in known:
        return known[processor]
    if not (folder / FIRST).exists():
        return folder / FIRST
    return folder / f"baseline-{re.sub('[^a-z0-9]+', '-', processor.lower()).strip('-')}.json"


def _by_processor(folder: Path) -> dict[str, Path]:
    paths = sorted(folder.glob("baseline*.json"))
    return {files.read(path).machine.processor: path for path in reversed(paths)}
