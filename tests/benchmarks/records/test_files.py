import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.records import files
from benchmarks.records.files import RecordError
from benchmarks.records.tree import ROOT
from tests.benchmarks.records.build import record, row

Content = dict[str, Any]

NAMES = (
    "2026-11-20T080000Z-aaaa111.json",
    "2026-11-21T080000Z-bbbb222.json",
    "2026-11-22T080000Z-bbbb222.json",
    "2026-11-22T090000Z-bbcc333.json",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (*NAMES, "baseline.json", "gate.json"):
        files.write(record(row()), tmp_path / name)
    return tmp_path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    written = record(row(samples={"ours": (1.0, 2.0)}), row(what="memory", bar=None, value=None, skipped="no gcc"))
    path = files.write(written, tmp_path / "new" / "run.json")
    assert files.read(path) == written


def test_the_name_of_a_file_is_its_date_and_commit() -> None:
    assert files.file_name(record()) == "2026-11-22T094536Z-0f402f8.json"
    assert files.file_name(record(commit="")) == "2026-11-22T094536Z-unknown.json"


def _without_commit(content: Content) -> None:
    del content["commit"]


def _more(content: Content) -> None:
    content["rows"][0]["colour"] = "red"


def _text_for_a_value(content: Content) -> None:
    content["rows"][0]["value"] = "1.2"


def _two_bars(content: Content) -> None:
    content["rows"][0]["bar"] = {"at_least": 1.0, "at_most": 2.0}


def _twice(content: Content) -> None:
    content["rows"] *= 2


def _no_time(content: Content) -> None:
    content["started"] = "yesterday"


def _newer(content: Content) -> None:
    content["schema"] = 99


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_without_commit, "commit: Field required"),
        (_more, "rows.0.colour: Unexpected"),
        (_text_for_a_value, "rows.0.value: Input should be a valid number"),
        (_two_bars, "a bar is at_least or at_most, in row kernel / 128 x 128 / C stencil"),
        (_twice, "more than one row kernel / 128 x 128 / C stencil"),
        (_no_time, "started: 'yesterday' is no time"),
        (_newer, "schema 99, where 1 is read"),
    ],
)
def test_reading_says_what_is_wrong_with_a_file(tmp_path: Path, spoil: Callable[[Content], None], told: str) -> None:
    path = files.write(record(row()), tmp_path / "run.json")
    content = json.loads(path.read_text(encoding="utf-8"))
    spoil(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(RecordError) as refused:
        files.read(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("text", "told"), [("", "no JSON"), ("[1, 2]", "schema None"), ("{", "no JSON"), ('{"schema": 1}', "rows: Field")]
)
def test_a_file_that_is_no_record_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(RecordError, match=told):
        files.read(tmp_path / "run.json")


def test_a_value_that_is_not_a_number_is_refused(tmp_path: Path) -> None:
    path = files.write(record(row(value=1.25)), tmp_path / "run.json")
    path.write_text(path.read_text(encoding="utf-8").replace("1.25", "NaN"), encoding="utf-8")
    with pytest.raises(RecordError, match=r"run\.json: .*number"):
        files.read(path)


def test_a_file_nested_without_end_is_told_as_damaged(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(200_000 * "[" + 200_000 * "]", encoding="utf-8")
    with pytest.raises(RecordError, match=r"run\.json: damaged: nested"):
        files.read(tmp_path / "run.json")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot be read"):
        files.read(tmp_path / "none.json")


def test_the_history_holds_runs_only_and_the_oldest_first(folder: Path) -> None:
    assert [path.name for path in files.history(folder)] == list(NAMES)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("2026-11-20", NAMES[0]),
        (NAMES[1], NAMES[1]),
        (NAMES[1].removesuffix(".json"), NAMES[1]),
        ("aaaa", NAMES[0]),
        ("bbbb222", NAMES[2]),
        ("bbbb222" + 10 * "0", NAMES[2]),
        ("2026-11-22T09", NAMES[3]),
        ("baseline", "baseline.json"),
    ],
)
def test_a_record_is_found_by_name_by_commit_or_by_a_start_of_either(folder: Path, asked: str, found: str) -> None:
    assert files.find(asked, folder) == folder / found


def test_a_path_is_taken_as_it_is(folder: Path) -> None:
    assert files.find(str(folder / NAMES[0]), folder / "elsewhere") == folder / NAMES[0]


def test_what_may_be_several_commits_is_refused_with_their_names(folder: Path) -> None:
    with pytest.raises(RecordError, match=f"may be any of {NAMES[2]}, {NAMES[3]}"):
        files.find("2026-11-22", folder)


def test_what_is_not_there_is_refused_with_what_is(folder: Path) -> None:
    with pytest.raises(RecordError, match=f"no record 'cccc'; recorded are {NAMES[0]}"):
        files.find("cccc", folder)
    with pytest.raises(RecordError, match="nothing is recorded yet"):
        files.find("cccc", folder / "empty")


@pytest.mark.parametrize("name", ["", " "])
def test_no_name_is_no_start_of_any(folder: Path, name: str) -> None:
    with pytest.raises(RecordError, match="a record without a name; recorded are"):
        files.find(name, folder)


def test_a_place_for_a_file_is_made_and_what_can_be_none_is_refused(tmp_path: Path) -> None:
    files.check_place(tmp_path / "new" / "run.json")
    assert [path.name for path in tmp_path.rglob("*")] == ["new"]
    (tmp_path / "file").write_text("", encoding="utf-8")
    for path in (tmp_path, tmp_path / "file" / "run.json"):
        with pytest.raises(RecordError, match="cannot be written"):
            files.check_place(path)


def test_every_record_that_is_committed_can_be_read() -> None:
    for path in files.HISTORY.glob("*.json"):
        if path.name != "gate.json":
            assert files.read(path).rows, path.name


def test_the_comparison_that_the_documentation_shows_can_be_made() -> None:
    page = (ROOT / "docs" / "benchmarking.md").read_text(encoding="utf-8")
    (asked,) = re.findall(r"make bench-compare A=(\S+) B=(\S+)", page)
    assert len({files.find(name) for name in asked}) == 2
