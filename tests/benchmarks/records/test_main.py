from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from benchmarks.records import files, gate_list, gating
from benchmarks.records.gate_list import GateList
from tests.benchmarks.records.build import record, row, runs

command = import_module("benchmarks.records.__main__")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three recorded runs."""
    for number, run in enumerate(runs(1.0, 1.05, 1.02), start=1):
        files.write(run, tmp_path / f"2026-11-2{number}T080000Z-{number}aaaaaa.json")
    paths = files.history(tmp_path)
    monkeypatch.setattr(files, "history", lambda: paths)
    monkeypatch.setattr(files, "find", lambda name: tmp_path / name)
    return tmp_path


def test_two_runs_are_compared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, _ = (path.name for path in files.history())
    assert command.main(["compare", first, second]) == 0
    assert "+5.0%" in capsys.readouterr().out


def test_a_faulty_file_is_told_without_a_traceback(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bad.json").write_text("{", encoding="utf-8")
    assert command.main(["compare", "bad.json", "bad.json"]) == 2
    assert "no JSON" in capsys.readouterr().err


def test_the_trend_is_drawn_from_the_history_and_what_is_added_but_no_quick_runs(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(command.trend, "draw", lambda records, path: drawn.append((len(records), path)))
    added, quick = files.write(record(row()), tmp_path / "a"), files.write(record(quick=True), tmp_path / "b")
    code = command.main(["trend", "--add", str(added), "--add", str(quick), "--output", str(tmp_path / "t.png")])
    assert (code, drawn) == (0, [(4, tmp_path / "t.png")])


def test_the_stability_of_recorded_runs_is_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["stability"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split()[-2:] == ["5.0%", "stable"]


def test_runs_are_measured_in_processes_of_their_own_and_the_stable_rows_become_the_gates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []

    def start(asked: list[str], **_: object) -> None:
        started.append(asked[2:4])
        files.write(record(row(value=1.0 + 0.01 * len(started))), Path(asked[-1]))

    kept: list[GateList] = []
    monkeypatch.setattr(command, "RUNS", tmp_path)
    monkeypatch.setattr(command.subprocess, "run", start)
    monkeypatch.setattr(gate_list, "read", lambda: GateList(("kernel",), ()))
    monkeypatch.setattr(gate_list, "write", kept.append)
    assert command.main(["stability", "--runs", "3", "--write"]) == 0
    assert started == [["benchmarks", "kernel"]] * 3
    assert [each.evidence.runs for each in kept[0].rows] == [3]


def test_a_list_without_any_stable_row_is_not_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unstable = [str(files.write(run, folder / f"u{n}.json")) for n, run in enumerate(runs(1.0, 2.0, 3.0))]
    assert command.main(["stability", *unstable, "--write"]) == 2
    assert "no row is stable" in capsys.readouterr().err


@pytest.mark.parametrize("code", [0, 1])
def test_the_gates_result_is_the_exit_code(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gating, "gate", lambda written, listed: code)
    assert command.main(["gate"]) == code


def test_a_new_baseline_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(gating, "rebaseline", lambda _: Path("baseline.json"))
    assert command.main(["gate", "--rebaseline"]) == 0
    assert "baseline.json" in capsys.readouterr().out
