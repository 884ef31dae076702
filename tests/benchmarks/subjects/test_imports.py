"""The comparison of imports, on costs that are given, and once on real processes."""

import pytest

from benchmarks.measuring.rows import Result
from benchmarks.measuring.timing import Samples
from benchmarks.starts.fresh import byte_code_kept, cost
from benchmarks.subjects import imports


def samples(*values: float) -> Samples:
    return Samples(values)


@pytest.mark.parametrize(("ours", "result"), [(0.31, Result.PASS), (0.34, Result.FAIL)])
def test_what_an_interpreter_costs_anyway_is_taken_from_both(ours: float, result: Result) -> None:
    """0.31 s less 0.1 is 1.05 times 0.3 s less 0.1; 0.34 s is 1.2 times as much, and a little."""
    processor = {
        "nothing": samples(0.1, 0.1),
        imports.AGAINST: samples(0.299, 0.299),
        "import mfn_client": samples(ours, ours),
    }
    row = imports.import_row("import mfn_client", processor, processor)
    assert row.value == pytest.approx((ours - 0.1) / 0.199)
    assert row.result is result


def test_what_nobody_promised_has_no_bar() -> None:
    same = {name: samples(2.0) for name in (imports.AGAINST, *imports.UNBOUND)}
    processor = {"nothing": samples(1.0), **same}
    assert {imports.import_row(name, processor, processor).result for name in imports.UNBOUND} == {Result.NO_BAR}


def test_every_program_runs_in_a_fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "TURNS", {True: 1})
    rows = list(imports.measure(True))
    assert [row.what for row in rows] == list(imports.MEASURED)
    assert all(row.value is not None for row in rows)


def test_a_program_that_fails_is_an_error_and_not_a_cost() -> None:
    with byte_code_kept() as environment, pytest.raises(RuntimeError, match="exit code 3"):
        cost(["-c", "raise SystemExit(3)"], environment)
