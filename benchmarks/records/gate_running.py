"""Runs the gate: measures its subjects, once more those with a miss, and tells a terminal and GitHub."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.records import baselines, files, gate_list
from benchmarks.records.files import RecordError
from benchmarks.records.gate_judging import (
    Held,
    Outcome,
    can_be_lost,
    check,
    failing_subjects,
    hold,
    markdown,
    render,
    second_look,
)
from benchmarks.records.gate_list import GateList
from benchmarks.records.new_record import here, run
from benchmarks.records.record import Key, Record

ADVICE = "docs/benchmarking.md says what to do"


def gate(written: Path | None, *, listed: GateList, environment: Mapping[str, str] = os.environ) -> int:
    """Hold the rows of the list; 0 where all of them hold, otherwise 1. The measurements go to `written`.

    RecordError or ValueError where there is nothing to hold or no baseline to hold it against, before any measuring.
    """
    subjects, baseline = _subjects(listed), baselines.baseline_for(here())
    check(listed.keys, baseline)
    now = _measured(subjects, written)
    held = hold(listed.keys, baseline, now)
    if again := failing_subjects(held):
        print(f"{render(held)}\n\nMissed; once more, for it may have been noise: {', '.join(again)}")
        second = _measured(again)
        held = second_look(held, second.by_key())
        now = merged(now, second)
        if written:
            files.write(now, written)
    print(f"{render(held)}\n\n{closing(held, baseline, now)}")
    for line in announcements(held) if "GITHUB_ACTIONS" in environment else []:
        print(line)
    if summary := environment.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(f"## Benchmarks\n\n{markdown(held)}\n\n{closing(held, baseline, now)}\n")
    return 1 if any(each.fails for each in held) else 0


def rebaseline(listed: GateList) -> Path:
    """Measure the subjects of the gate and keep that as the baseline of this kind of machine.

    RecordError where a row was not measured, or has no positive value and so none of which a share could be lost.
    """
    record = _measured(_subjects(listed))
    lacking = [" / ".join(key) for key in listed.keys if not _fits(record, key)]
    if lacking:
        raise RecordError(f"no positive value was measured, so no baseline: {'; '.join(lacking)}")
    return files.write(record.bounded(), baselines.place_for(record.machine))


def merged(now: Record, second: Record) -> Record:
    """The rows measured last, each of them once."""
    rows = now.by_key() | second.by_key()
    return replace(now, rows=tuple(rows.values()), seconds=now.seconds | second.seconds)


def closing(held: Sequence[Held], baseline: Record, now: Record) -> str:
    """The end of the table: how many hold, against which baseline, and whether it is of such a machine."""
    failed = sum(each.fails for each in held)
    told = f"{len(held) - failed} of {len(held)} ratios hold; the baseline is {baseline.name}."
    if baseline.machine.kind != now.machine.kind:
        told += (
            f" It was measured on another kind of machine ({_kind(baseline)}; this is {_kind(now)}):"
            " a row fails only if it misses its bar as well."
        )
    return f"{told} {failed} failed: {ADVICE}." if failed else told


def announcements(held: Sequence[Held]) -> list[str]:
    """Annotations of GitHub's workflows: an error for each row that fails, a warning for one that its bar saves."""
    lines = []
    for each in held:
        if each.outcome is Outcome.HELD:
            continue
        change = "has no value" if each.worse_by is None else f"is {each.worse_by:.0%} worse than the baseline"
        level, title = ("error", "Benchmark regression") if each.fails else ("warning", "Benchmark slower")
        text = f"{' / '.join(each.baseline.key)} {change}; {ADVICE}"
        lines.append(annotation(level, title, text))
    return lines


def annotation(level: str, title: str, text: str) -> str:
    """A workflow command of GitHub; level: "error" or "warning"."""
    return f"::{level} title={title}::{_escaped(text)}"


def _escaped(text: str) -> str:
    """What a workflow command takes as data."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _subjects(listed: GateList) -> list[str]:
    if not listed.rows:
        raise RecordError(f"{gate_list.PATH.name} holds no row: make bench-stability RUNS=5 ARGS=--write")
    return listed.subjects


def _measured(subjects: Sequence[str], written: Path | None = None) -> Record:
    """A run of the subjects, kept before anything is made of it; half a run is none."""
    measured, record = run(subjects, quick=False)
    if measured.interrupted:
        raise KeyboardInterrupt
    if written:
        files.write(record, written)
    return record


def _fits(record: Record, key: Key) -> bool:
    row = record.by_key().get(key)
    return row is not None and can_be_lost(row)


def _kind(record: Record) -> str:
    return f"{record.machine.processor}, {record.machine.cores} cores"
