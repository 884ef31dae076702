import json
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks import registry
from benchmarks.measuring.rows import Row, at_most
from benchmarks.records import files
from benchmarks.records.record import MOST_SAMPLES, SCHEMA

command = import_module("benchmarks.__main__")

Asked = list[tuple[str, bool]]
Offer = Callable[..., Asked]


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Offer:
    """Replaces the subjects: `offer(name=rows or an exception)`."""

    def replace(**offered: list[Row | BaseException]) -> Asked:
        def load(name: str) -> registry.Subject:
            def measure(quick: bool) -> Iterator[Row]:
                asked.append((name, quick))
                for row in offered[name]:
                    if isinstance(row, BaseException):
                        raise row
                    yield row

            return registry.Subject(name, f"about {name}", measure)

        monkeypatch.setattr(registry, "names", lambda: sorted(offered))
        monkeypatch.setattr(registry, "load", load)
        return asked

    asked: Asked = []
    return replace


GOOD = Row("good", value=1.0, unit="ms", bar=at_most(2.0), samples={"first": (1.0, 1.0)})
BAD = Row("bad", value=3.0, unit="ms", bar=at_most(2.0))
SKIPPED = Row("absent", bar=at_most(2.0), skipped="gcc is not on this machine")


def test_without_names_every_subject_is_measured(offer: Offer, capsys: pytest.CaptureFixture[str]) -> None:
    asked = offer(a=[GOOD], b=[BAD])
    assert command.main([]) == 0
    assert asked == [("a", False), ("b", False)]
    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()[2:4]] == [["a", "good"], ["b", "bad"]]


def test_names_choose_and_quick_is_passed_on(offer: Offer) -> None:
    asked = offer(a=[GOOD], b=[BAD])
    command.main(["b", "--quick"])
    assert asked == [("b", True)]


def test_an_unknown_name_is_refused_with_those_there_are(offer: Offer, capsys: pytest.CaptureFixture[str]) -> None:
    offer(a=[GOOD], b=[BAD])
    with pytest.raises(SystemExit) as ended:
        command.main(["c"])
    assert ended.value.code == 2
    assert "there is no 'c'; choose from a, b" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "code"), [([GOOD], 0), ([GOOD, SKIPPED], 0), ([GOOD, BAD], 1), ([RuntimeError("ended")], 1)]
)
def test_only_strict_turns_a_missed_bar_into_an_exit_code(
    offer: Offer, rows: list[Row | BaseException], code: int
) -> None:
    offer(a=rows)
    assert command.main(["a"]) == 0
    assert command.main(["a", "--strict"]) == code


def test_a_subject_that_breaks_keeps_its_rows_and_stops_no_other(offer: Offer, tmp_path: Path) -> None:
    offer(a=[GOOD, RuntimeError("the server ended")], b=[GOOD])
    command.main(["--json", str(tmp_path / "figures.json")])
    rows = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))["rows"]
    assert [(row["subject"], row["result"]) for row in rows] == [("a", "pass"), ("a", "BROKEN"), ("b", "pass")]
    assert rows[1]["why"] == "RuntimeError: the server ended"


def test_the_json_says_when_where_and_with_what(offer: Offer, tmp_path: Path) -> None:
    offer(a=[GOOD, SKIPPED])
    command.main(["--quick", "--json", str(tmp_path / "figures.json")])
    written = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    about = {"schema", "commit", "dirty", "started", "quick", "machine", "versions", "seconds", "rows"}
    assert set(written) == about
    assert (written["schema"], written["quick"], set(written["seconds"])) == (SCHEMA, True, {"a"})
    assert {"processor", "cores", "memory_mib", "system", "load_1min", "pinning"} == set(written["machine"])
    assert {"python", "numpy", "numba", "grpcio", "protobuf"} <= set(written["versions"])
    assert written["rows"] == [{"subject": "a", **row.as_json()} for row in (GOOD, SKIPPED)]


def test_a_recorded_run_lies_in_the_history_with_few_samples_and_can_be_read(
    offer: Offer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "HISTORY", tmp_path / "history")
    offer(a=[Row("many", value=1.0, samples={"ours": [1.0] * 10_000})])
    command.main(["--record"])
    (path,) = files.history(tmp_path / "history")
    (row,) = files.read(path).rows
    assert 0 < len(row.samples["ours"]) <= MOST_SAMPLES


def test_nothing_is_kept_unless_asked(offer: Offer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "HISTORY", tmp_path)
    offer(a=[GOOD])
    command.main([])
    assert list(tmp_path.iterdir()) == []


def test_the_table_is_followed_by_how_many_pass_and_what_each_subject_took(
    offer: Offer, capsys: pytest.CaptureFixture[str]
) -> None:
    offer(a=[GOOD, BAD], b=[Row("free", value=1.0)])
    command.main([])
    told = capsys.readouterr().out
    assert "1 of 2 pass, 1 miss their bar." in told
    assert "Seconds: a 0, b 0; together 0." in told


def test_what_was_measured_quickly_is_printed_as_such(offer: Offer, capsys: pytest.CaptureFixture[str]) -> None:
    offer(a=[GOOD])
    command.main([])
    assert "Quick" not in capsys.readouterr().out
    command.main(["--quick"])
    assert "Quick: too short for figures" in capsys.readouterr().out


def test_the_machine_and_the_versions_are_printed_below_the_table(
    offer: Offer, capsys: pytest.CaptureFixture[str]
) -> None:
    offer(a=[GOOD])
    command.main([])
    last = capsys.readouterr().out.splitlines()[-1]
    assert "cores " in last
    assert "numba " in last


@pytest.mark.parametrize("arguments", [["--quick", "--record"], ["--json", "FOLDER"]])
def test_what_cannot_be_kept_is_refused_before_anything_is_measured(
    offer: Offer, tmp_path: Path, arguments: list[str]
) -> None:
    asked = offer(a=[GOOD])
    with pytest.raises(SystemExit) as ended:
        command.main([str(tmp_path) if each == "FOLDER" else each for each in arguments])
    assert (ended.value.code, asked) == (2, [])


def test_the_record_is_kept_before_anything_is_printed(
    offer: Offer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaking(_: object, *, quick: bool) -> str:
        raise BrokenPipeError

    monkeypatch.setattr(files, "HISTORY", tmp_path)
    monkeypatch.setattr(command, "render", breaking)
    offer(a=[GOOD])
    with pytest.raises(BrokenPipeError):
        command.main(["--record"])
    assert len(files.history(tmp_path)) == 1


def test_an_interrupt_prints_what_there_is_and_records_nothing(
    offer: Offer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(files, "HISTORY", tmp_path)
    asked = offer(a=[GOOD, KeyboardInterrupt()], b=[GOOD])
    assert command.main(["--record"]) == command.INTERRUPTED
    told = capsys.readouterr().out
    assert "1 of 1 pass" in told
    assert "Interrupted: not everything was measured" in told
    assert (asked, list(tmp_path.iterdir())) == ([("a", False)], [])
