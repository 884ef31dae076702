"""The command."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.flames import __main__ as flames
from benchmarks.flames.loads import LOADS, Load


def test_each_path_becomes_a_picture_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = list[int]()

    @contextmanager
    def load() -> Iterator[Load]:
        yield Load(7, lambda: turns.append(1))

    monkeypatch.setattr(flames, "recorded", lambda pid, seconds, turn, *, native: [f"work (x.py:{pid}) {seconds}"])
    monkeypatch.setattr(flames, "LOADS", dict.fromkeys(LOADS, ("a title", load)))
    assert flames.main(["--folder", str(tmp_path), "--seconds", "3"]) == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "flame-aggregation.svg",
        "flame-stream.svg",
        "flame-unary.svg",
    ]
    assert all("work (x.py): 100.0%" in file.read_text(encoding="utf-8") for file in tmp_path.iterdir())
    assert len(turns) == len(LOADS)  # each is warm before it is sampled


def test_a_path_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        flames.main(["nothing"])
    assert "nothing" in capsys.readouterr().err
