import pytest

from benchmarks.subjects import ensemble


def test_there_is_a_row_for_threads_and_one_for_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ensemble, "EDGE", 16)
    monkeypatch.setattr(ensemble, "MEMBERS", {True: 3})
    monkeypatch.setattr(ensemble, "STEPS", {True: 20})
    rows = list(ensemble.measure(True))
    assert [row.against for row in rows] == ["one thread", "turns of 10 steps"]
    assert all(row.value is not None and row.value > 0 for row in rows)
    assert [row.bar for row in rows] == [None, None]
