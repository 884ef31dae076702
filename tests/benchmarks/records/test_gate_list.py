import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import registry
from benchmarks.records import baselines, files, gate_list
from benchmarks.records.files import RecordError
from tests.benchmarks.records.build import MACHINE, named, row, runs


def test_the_stable_rows_of_the_candidates_become_the_gates() -> None:
    records = [replace(run, rows=(*run.rows, row("chain", value=1.0))) for run in runs(1.0, 1.05, 1.02)]
    found = gate_list.of_runs(("kernel",), named(records))
    assert found.keys == [("kernel", "128 x 128", "C stencil")]
    evidence = found.rows[0].evidence
    assert (evidence.runs, evidence.lowest, evidence.highest, evidence.range) == (3, 1.0, 1.05, 0.05)
    assert (evidence.commit, evidence.processor) == (records[0].commit, "AMD EPYC")


def test_a_row_that_moves_stays_out_and_its_subject_a_candidate() -> None:
    found = gate_list.of_runs(("kernel",), named(runs(1.0, 1.5, 1.0)))
    assert (found.rows, found.candidates, found.subjects) == ((), ("kernel",), [])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"quick": True}, "run-3.json is quick"),
        ({"dirty": True}, "run-3.json is of a tree with uncommitted changes"),
        ({"commit": 40 * "b"}, r"run-3.json is of another commit \(bbbbbbb, not 0f402f8\)"),
        ({"commit": ""}, "run-3.json is of no commit"),
        ({"machine": replace(MACHINE, processor="Xeon")}, r"run-3.json is of another machine \(Xeon, 2 cores\)"),
        ({"machine": replace(MACHINE, cores=8)}, r"run-3.json is of another machine \(AMD EPYC, 8 cores\)"),
        ({"started": "2026-11-22T09:01:36+00:00"}, "run-3.json is the same run as run-1.json"),
    ],
)
def test_runs_that_are_no_evidence_are_refused_by_the_names_of_their_files(change: dict[str, Any], told: str) -> None:
    first, second, third = runs(1.0, 1.0, 1.0)
    with pytest.raises(RecordError, match=told):
        gate_list.of_runs(("kernel",), named([first, second, replace(third, **change)]))


def test_the_list_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = gate_list.of_runs(("kernel",), named(runs(1.0, 1.05, 1.02)))
    assert gate_list.read(gate_list.write(written, tmp_path / "gate.json")) == written


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"runs": 2}, "evidence of 2 runs, where 3 are the least"),
        ({"highest": 1.3, "range": 0.3}, "moves by more than 10% from run to run"),
        ({"range": 0.01}, "whose range is not that of its values"),
        ({"lowest": 1.2}, "whose lowest value is not below its highest"),
        ({"runs": "5"}, "rows.0.evidence.runs: Input should be a valid integer"),
    ],
)
def test_a_row_whose_evidence_does_not_carry_it_is_refused(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    path = gate_list.write(gate_list.of_runs(("kernel",), named(runs(1.0, 1.05, 1.02))), tmp_path / "gate.json")
    content = json.loads(path.read_text(encoding="utf-8"))
    content["rows"][0]["evidence"] |= change
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(RecordError, match=told):
        gate_list.read(path)


def test_a_row_without_evidence_is_refused(tmp_path: Path) -> None:
    path = gate_list.write(gate_list.of_runs(("kernel",), named(runs(1.0, 1.05, 1.02))), tmp_path / "gate.json")
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["rows"][0]["evidence"]
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(RecordError, match=r"rows\.0\.evidence: Field required"):
        gate_list.read(path)


def test_a_missing_list_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot be read"):
        gate_list.read(tmp_path / "gate.json")


def test_the_committed_list_names_subjects_that_there_are_and_rows_that_every_baseline_has() -> None:
    listed = gate_list.read()
    assert listed.candidates
    assert {*listed.candidates, *listed.subjects} <= set(registry.names())
    for path in files.HISTORY.glob("baseline*.json"):
        rows = files.read(path).by_key()
        assert [key for key in listed.keys if key not in rows or rows[key].limit is None] == [], path.name
    assert not listed.rows or (files.HISTORY / baselines.FIRST).exists()
