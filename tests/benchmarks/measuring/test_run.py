from collections.abc import Iterator

import pytest

from benchmarks import registry
from benchmarks.measuring.rows import Result, Row
from benchmarks.measuring.run import Measured, measured


@pytest.fixture(autouse=True)
def two_subjects(monkeypatch: pytest.MonkeyPatch) -> None:
    def good(quick: bool) -> Iterator[Row]:
        yield Row("done", figure=f"quick: {quick}")

    def bad(quick: bool) -> Iterator[Row]:
        yield from good(quick)
        raise OSError("no memory")

    subjects = {"good": good, "bad": bad}
    monkeypatch.setattr(registry, "load", lambda name: registry.Subject(name, f"about {name}", subjects[name]))


def test_a_subject_that_breaks_keeps_its_rows_and_stops_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    found = measured(["bad", "good"], quick=True)
    assert [row.result for row in found.rows_of["bad"]] == [Result.SKIPPED, Result.BROKEN]
    assert found.rows_of["bad"][1].broken == "OSError: no memory"
    assert found.rows_of["good"] == [Row("done", figure="quick: True")]
    assert set(found.seconds) == {"bad", "good"}
    assert "bad: about bad" in capsys.readouterr().err


def test_a_row_that_cannot_be_told_from_another_breaks_its_subject(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [Row("a", against="C"), Row("a", against="numpy"), Row("a", against="C"), Row("b")]
    monkeypatch.setattr(registry, "load", lambda name: registry.Subject(name, name, lambda quick: iter(rows)))
    found = measured(["twice"], quick=True).rows_of["twice"]
    assert [row.what for row in found] == ["a", "a", "the subject itself"]
    assert found[2].broken == "ValueError: two rows 'a' against 'C'"


def test_rows_are_told_as_they_come_and_a_keyboard_interrupt_leaves_what_there_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[str] = []

    def slow(quick: bool) -> Iterator[Row]:
        yield Row("first", value=1.0, unit="ms")
        told.append(capsys.readouterr().err)
        raise KeyboardInterrupt

    monkeypatch.setattr(registry, "load", lambda name: registry.Subject(name, f"about {name}", slow))
    found = measured(["a", "b"], quick=True)
    assert told == ["a: about a\na  first  1.00 ms  no bar\n"]
    assert (list(found.rows_of), found.interrupted) == (["a"], True)
    assert [row.what for row in found.rows_of["a"]] == ["first"]


def test_the_seconds_are_told_by_subject_and_together() -> None:
    told = Measured({}, {"kernel": 31.4, "cancel": 2_000.0}).times()
    assert told == "Seconds: kernel 31, cancel 2,000; together 2,031."
