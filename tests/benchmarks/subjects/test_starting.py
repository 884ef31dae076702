"""Starts of servers: the kernels of a small group, compiled and then loaded."""

import pytest

from benchmarks.subjects import starting
from mfn_server.kernels import Group


def test_all_of_them_is_the_sum_of_the_groups_in_each_run() -> None:
    runs = [{"a": 1.0, "b": 2.0, "imports": 9.0}, {"a": 3.0, "b": 4.0, "imports": 9.0}]
    rows = list(starting.group_rows(["a", "b"], "compile", runs))
    assert [row.what for row in rows] == ["compile: a", "compile: b", "compile: all of them"]
    assert [row.value for row in rows] == [2.0, 3.0, 5.0]


def test_imports_compiling_and_loading_have_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "GROUPS", {True: (Group.LEARNING,)})
    rows = {row.what: row.value for row in starting.measure(True)}
    assert list(rows) == [
        "import mfn_server.app",
        "compile: learning",
        "compile: all of them",
        "load from the cache: learning",
        "load from the cache: all of them",
    ]
    assert all(value is not None and value > 0 for value in rows.values())


def test_every_group_of_kernels_is_measured() -> None:
    assert set(starting.GROUPS[False]) == set(Group)
