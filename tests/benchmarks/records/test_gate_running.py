from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from benchmarks.measuring.run import Measured
from benchmarks.records import baselines, files, gate_list, gate_running
from benchmarks.records.files import RecordError
from benchmarks.records.gate_list import GateList
from benchmarks.records.record import Record
from tests.benchmarks.records.build import named, record, row, runs

LISTED = gate_list.of_runs(("kernel",), named(runs(1.0, 1.02, 1.01)))
REAL = baselines.baseline_for
Offer = Callable[..., list[list[str]]]


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Offer:
    """Replaces measuring: each asking gets the next of the records; returns which subjects were asked for."""
    files.write(record(row(value=1.0)), tmp_path / "baseline.json")
    monkeypatch.setattr(baselines, "baseline_for", lambda _: files.read(tmp_path / "baseline.json"))
    monkeypatch.setattr(baselines, "place_for", lambda _: tmp_path / "baseline.json")

    def replace(*records: Record) -> list[list[str]]:
        asked: list[list[str]] = []

        def run(names: Sequence[str], *, quick: bool) -> tuple[Measured, Record]:
            asked.append(list(names))
            assert not quick
            return Measured({}, {}), records[len(asked) - 1]

        monkeypatch.setattr(gate_running, "run", run)
        return asked

    return replace


def gate(written: Path | None = None, **environment: str) -> int:
    return gate_running.gate(written, listed=LISTED, environment=environment)


def test_what_holds_is_measured_once(offer: Offer, capsys: pytest.CaptureFixture[str]) -> None:
    asked = offer(record(row(value=0.9)))
    assert gate(GITHUB_ACTIONS="true") == 0
    assert asked == [["kernel"]]
    told = capsys.readouterr().out
    assert "1 of 1 ratios hold" in told
    assert "::" not in told


def test_a_miss_is_measured_once_more_and_the_second_decides(offer: Offer, capsys: pytest.CaptureFixture[str]) -> None:
    asked = offer(record(row(value=0.5)), record(row(value=0.9)))
    assert gate() == 0
    assert asked == [["kernel"], ["kernel"]]
    told = capsys.readouterr().out
    assert "Missed; once more, for it may have been noise: kernel" in told
    assert "the first was 0.500 x" in told


def test_a_second_miss_fails_and_is_announced(offer: Offer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    offer(record(row(value=0.5)), record(row(value=0.6)))
    assert gate(tmp_path / "gate.json", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md")) == 1
    text = "kernel / 128 x 128 / C stencil is 40%25 worse than the baseline; docs/benchmarking.md says what to do"
    assert f"::error title=Benchmark regression::{text}" in capsys.readouterr().out.splitlines()
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert "| kernel | 128 x 128 | C stencil | 1.00 x | 0.600 x | +40.0% | REGRESSION" in summary
    assert "0 of 1 ratios hold" in summary
    assert files.read(tmp_path / "gate.json").rows[0].value == 0.6


def test_on_another_processor_the_bar_decides_and_a_warning_is_given(
    offer: Offer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    offer(record(row(value=1.0), processor="Xeon"))
    files.write(record(row(value=2.0)), tmp_path / "baseline.json")
    assert gate(GITHUB_ACTIONS="true") == 0
    told = capsys.readouterr().out
    assert "::warning title=Benchmark slower::kernel" in told
    assert "another kind of machine (AMD EPYC, 2 cores; this is Xeon, 2 cores)" in told


def test_a_row_without_a_value_is_announced_as_such(offer: Offer, capsys: pytest.CaptureFixture[str]) -> None:
    absent = record(row(value=None, skipped="no gcc"))
    offer(absent, absent)
    assert gate(GITHUB_ACTIONS="true") == 1
    assert "kernel / 128 x 128 / C stencil has no value" in capsys.readouterr().out


def test_outside_github_there_are_no_annotations(offer: Offer, capsys: pytest.CaptureFixture[str]) -> None:
    offer(record(row(value=0.5)), record(row(value=0.5)))
    assert gate() == 1
    assert "::error" not in capsys.readouterr().out


def test_an_empty_gate_is_an_error_rather_than_a_pass() -> None:
    with pytest.raises(RecordError, match="holds no row"):
        gate_running.gate(None, listed=GateList(("kernel",), ()), environment={})


def test_a_new_baseline_is_what_is_measured_now(offer: Offer, tmp_path: Path) -> None:
    offer(record(row(value=1.5)))
    assert gate_running.rebaseline(LISTED) == tmp_path / "baseline.json"
    assert files.read(tmp_path / "baseline.json").rows[0].value == 1.5


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_value_of_which_no_share_can_be_lost_becomes_no_baseline(offer: Offer, value: float) -> None:
    offer(record(row(value=value)))
    with pytest.raises(RecordError, match="no positive value was measured"):
        gate_running.rebaseline(LISTED)


def test_a_missing_or_useless_baseline_is_told_before_anything_is_measured(
    offer: Offer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = offer(record(row()))
    files.write(record(row(value=0.0)), tmp_path / "baseline.json")
    with pytest.raises(ValueError, match="no positive value"):
        gate()
    monkeypatch.setattr(baselines, "baseline_for", REAL)
    monkeypatch.setattr(baselines.baseline_for, "__defaults__", (tmp_path / "empty",))
    with pytest.raises(RecordError, match="there is no baseline"):
        gate()
    assert asked == []


def test_the_measurements_are_kept_before_they_are_judged(
    offer: Offer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judge(*_: object) -> None:
        raise ValueError("cannot be judged")

    offer(record(row(value=0.7)))
    monkeypatch.setattr(gate_running, "hold", judge)
    with pytest.raises(ValueError, match="cannot be judged"):
        gate(tmp_path / "gate.json")
    assert files.read(tmp_path / "gate.json").rows[0].value == 0.7


def test_half_a_run_is_not_judged(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_running, "run", lambda *_, **__: (Measured({}, {}, interrupted=True), record(row())))
    with pytest.raises(KeyboardInterrupt):
        gate()


def test_a_run_that_lacks_a_row_of_the_gate_becomes_no_baseline(offer: Offer, tmp_path: Path) -> None:
    offer(record(row(value=None, skipped="no gcc")))
    with pytest.raises(
        RecordError, match="no positive value was measured, so no baseline: kernel / 128 x 128 / C stencil"
    ):
        gate_running.rebaseline(LISTED)
    assert files.read(tmp_path / "baseline.json").rows[0].value == 1.0
