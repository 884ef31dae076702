import pytest

from benchmarks.subjects import precision


def test_each_edge_has_a_row_against_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "EDGES", (16, 24))
    monkeypatch.setattr(precision, "CELLS", {True: 10_000})
    rows = list(precision.measure(True))
    assert [(row.what.split()[0], row.against) for row in rows] == [("16", "float64"), ("24", "float64")]
    assert {row.bar for row in rows} == {precision.BAR}
    assert all(row.value is not None and row.value > 0 for row in rows)
