from dataclasses import replace
from importlib import import_module
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from benchmarks.records import files, gate_list, gate_running
from benchmarks.records.gate_list import GateList
from tests.benchmarks.records.build import record, row, runs

command = import_module("benchmarks.records.__main__")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three recorded runs."""
    for number, run in enumerate(runs(1.0, 1.05, 1.02), start=1):
        files.write(
            replace(run, started=f"2026-11-2{number}T08:00:00+00:00"),
            tmp_path / f"2026-11-2{number}T080000Z-{number}aaaaaa.json",
        )
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
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(command.trend, "draw", lambda records, path: drawn.append((len(records), path)))
    added, quick = files.write(record(row()), tmp_path / "a"), files.write(record(quick=True), tmp_path / "b")
    code = command.main(["trend", "--add", str(added), "--add", str(quick), "--output", str(tmp_path / "t.png")])
    assert (code, drawn) == (0, [(4, tmp_path / "t.png")])
    assert f"{quick}: left out, a quick run" in capsys.readouterr().err


def test_the_stability_of_recorded_runs_is_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["stability"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split()[-2:] == ["5.0%", "stable"]


def test_runs_are_measured_in_processes_of_their_own_and_the_stable_rows_become_the_gates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []

    def start(asked: list[str], **_: object) -> CompletedProcess[str]:
        started.append(asked[2:4])
        files.write(runs(1.0, 1.01, 1.02)[len(started) - 1], Path(asked[-1]))
        return CompletedProcess(asked, 0)

    kept: list[GateList] = []
    monkeypatch.setattr(command, "RUNS", tmp_path)
    monkeypatch.setattr(command.tree, "dirty", lambda: False)
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


def test_a_dirty_tree_is_told_before_runs_for_the_gate_are_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command.tree, "dirty", lambda: True)
    monkeypatch.setattr(command, "_repeated", lambda *_: pytest.fail("measured"))
    assert command.main(["stability", "--runs", "3", "--write"]) == 2
    assert "uncommitted changes" in capsys.readouterr().err


def test_a_run_that_ends_in_an_error_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "RUNS", tmp_path)
    monkeypatch.setattr(command.subprocess, "run", lambda asked, **_: CompletedProcess(asked, 3))
    assert command.main(["stability", "--runs", "2"]) == 2
    assert "run-1 of 2 ended with exit code 3" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["-1", "0", "many", "1.5"])
def test_a_number_of_runs_that_is_none_is_refused_in_words(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["stability", f"--runs={number}"])
    assert ended.value.code == 2
    assert f"'{number}' is no number of runs: 1 or more" in capsys.readouterr().err


def test_the_same_file_twice_is_refused_and_a_copy_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = str(files.history()[0])
    assert command.main(["stability", first, first]) == 2
    assert "named more than once" in capsys.readouterr().err
    copy = str(files.write(files.read(files.history()[0]), folder / "copy.json"))
    assert command.main(["stability", first, copy]) == 0
    assert f"{copy} is the same run as {first}" in capsys.readouterr().out


def test_what_cannot_be_done_is_an_error_on_the_run_of_github_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    assert command.main(["compare", "none.json", "none.json"]) == 2
    assert "::error" not in capsys.readouterr().out
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert command.main(["compare", "none.json", "none.json"]) == 2
    assert capsys.readouterr().out.startswith("::error title=Benchmarks::")


def test_a_gate_that_could_not_write_its_measurements_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gate_running, "gate", lambda written, listed: pytest.fail("measured"))
    assert command.main(["gate", "--json", str(tmp_path)]) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("code", [0, 1])
def test_the_gates_result_is_the_exit_code(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_running, "gate", lambda written, listed: code)
    assert command.main(["gate"]) == code


def test_a_new_baseline_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(gate_running, "rebaseline", lambda _: Path("baseline.json"))
    assert command.main(["gate", "--rebaseline"]) == 0
    assert "baseline.json" in capsys.readouterr().out
