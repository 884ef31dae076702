import pytest

from benchmarks.measuring.rows import Result
from benchmarks.subjects import health
from benchmarks.subjects.health import Seen


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (50, 50), (100, 99), (1000, 990), (2000, 1980)])
def test_the_p99_is_the_value_that_99_of_100_do_not_exceed(count: int, expected: int) -> None:
    assert health.percentile(list(range(count, 0, -1))) == expected


@pytest.mark.parametrize(("slow_ms", "result"), [(50.0, Result.PASS), (50.1, Result.FAIL)])
def test_the_bar_is_for_the_p99_of_the_checks(slow_ms: float, result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = [1.0] * 97 + [slow_ms] * 2 + [900.0]
    monkeypatch.setattr(health, "_take_turns", lambda calls: Seen(checks, [2.0] * 100, 1.5))
    (row,) = health.measure(True)
    assert (row.value, row.result) == (slow_ms, result)
    assert row.figure.startswith("p50 1.0 ms; a bare echo beside it p99 2.0, p50 2.0 ms")


def test_every_call_is_counted_and_the_runs_compute_meanwhile() -> None:
    seen = health._take_turns(5)
    assert len(seen.checks) == len(seen.echoes) == 5
    assert min(*seen.checks, *seen.echoes) > 0
    assert seen.processors > 0
