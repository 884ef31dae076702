from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.records import files
from benchmarks.records.baselines import baseline_for, place_for
from benchmarks.records.files import RecordError
from tests.benchmarks.records.build import MACHINE, record, row

XEON = "Intel(R) Xeon(R) 8370C @ 2.80GHz"
OTHER = replace(MACHINE, processor=XEON)


def test_the_first_baseline_has_the_plain_name_and_stays_that_of_its_processor(tmp_path: Path) -> None:
    first = place_for(MACHINE, tmp_path)
    assert first == tmp_path / "baseline.json"
    files.write(record(row()), first)
    assert place_for(MACHINE, tmp_path) == first


def test_another_processor_gets_a_baseline_of_its_own(tmp_path: Path) -> None:
    files.write(record(row(value=1.0)), tmp_path / "baseline.json")
    second = place_for(OTHER, tmp_path)
    assert second == tmp_path / "baseline-intel-r-xeon-r-8370c-2-80ghz-2-cores.json"
    files.write(record(row(value=2.0), processor=XEON), second)
    assert baseline_for(OTHER, tmp_path).rows[0].value == 2.0
    assert baseline_for(MACHINE, tmp_path).rows[0].value == 1.0
    assert place_for(OTHER, tmp_path) == second


def test_a_processor_without_a_baseline_is_held_against_the_first(tmp_path: Path) -> None:
    files.write(record(row(value=1.0)), tmp_path / "baseline.json")
    files.write(record(row(value=2.0), processor=XEON), tmp_path / "baseline-a.json")
    assert baseline_for(replace(MACHINE, processor="Apple M9"), tmp_path).rows[0].value == 1.0


def test_more_cores_of_the_same_processor_are_another_machine(tmp_path: Path) -> None:
    files.write(record(row(value=1.0)), tmp_path / "baseline.json")
    wide = replace(MACHINE, cores=8)
    second = place_for(wide, tmp_path)
    assert second == tmp_path / "baseline-amd-epyc-8-cores.json"
    files.write(record(row(value=2.0), machine=wide), second)
    assert baseline_for(wide, tmp_path).rows[0].value == 2.0
    assert baseline_for(replace(MACHINE, load_1min=7.0), tmp_path).rows[0].value == 1.0


def test_without_any_baseline_the_remedy_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="make bench-gate ARGS=--rebaseline"):
        baseline_for(MACHINE, tmp_path)
