from pathlib import Path

import pytest

from benchmarks import registry, subjects
from benchmarks.measuring.order import FIRST
from benchmarks.measuring.rows import Row

SOURCE = '''"""How fast nothing is done.

More.
"""

from benchmarks.measuring.rows import Row


def measure(quick):
    yield Row(f"quick: {quick}")
'''


@pytest.mark.parametrize("name", registry.names())
def test_every_subject_has_a_title_and_something_to_measure(name: str) -> None:
    subject = registry.load(name)
    assert subject.name == name
    assert subject.title
    assert subject.title != name
    assert callable(subject.measure)


def test_the_subjects_of_the_spine_are_there() -> None:
    assert {"cancel", "first_frame", "kernel", "stream_memory"} <= set(registry.names())


def test_the_subjects_come_in_the_order_of_the_table() -> None:
    names = registry.names()
    assert names.index("kernel") < names.index("features") < names.index("rules") < names.index("capacity")
    assert names[: len(FIRST)] == list(FIRST)


def test_a_new_file_is_a_new_subject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nothing.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.setattr(subjects, "__path__", [*subjects.__path__, str(tmp_path)])
    assert "nothing" in registry.names()
    subject = registry.load("nothing")
    assert subject.title == "How fast nothing is done"
    assert list(subject.measure(True)) == [Row("quick: True")]
