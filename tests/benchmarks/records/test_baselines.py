from pathlib import Path

import pytest

from benchmarks.records import files
from benchmarks.records.baselines import baseline_for, place_for
from benchmarks.records.files import RecordError
from tests.benchmarks.records.build import record, row

XEON = "Intel(R) Xeon(R) 8370C @ 2.80GHz"


def test_the_first_baseline_has_the_plain_name_and_stays_that_of_its_processor(tmp_path: Path) -> None:
    first = place_for("AMD EPYC", tmp_path)
    assert first == tmp_path / "baseline.json"
    files.write(record(row()), first)
    assert place_for("AMD EPYC", tmp_path) == first


def test_another_processor_gets_a_baseline_of_its_own(tmp_path: Path) -> None:
    files.write(record(row(value=1.0)), tmp_path / "baseline.json")
    second = place_for(XEON, tmp_path)
    assert second == tmp_path / "baseline-intel-r-xeon-r-8370c-2-80ghz.json"
    files.write(record(row(value=2.0), processor=XEON), second)
    assert baseline_for(XEON, tmp_path).rows[0].value == 2.0
    assert baseline_for("AMD EPYC", tmp_path).rows[0].value == 1.0
    assert place_for(XEON, tmp_path) == second


def test_a_processor_without_a_baseline_is_held_against_the_first(tmp_path: Path) -> None:
    files.write(record(row(value=1.0)), tmp_path / "baseline.json")
    files.write(record(row(value=2.0), processor=XEON), tmp_path / "baseline-a.json")
    assert baseline_for("Apple M9", tmp_path).rows[0].value == 1.0


def test_without_any_baseline_the_remedy_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="make bench-gate ARGS=--rebaseline"):
        baseline_for("AMD EPYC", tmp_path)
