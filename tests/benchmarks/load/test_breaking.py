from benchmarks.load.breaking import bottleneck, broken
from benchmarks.load.figures import StageFigures
from tests.benchmarks.load.recorded import rpc, stage


def bore(ok: int, failed: int = 0, p99_ms: float = 5.0) -> StageFigures:
    return stage(rpc("ComputeNernst", ok, {"OVERLOADED": failed} if failed else {}, p99_ms=p99_ms))


def test_more_calls_without_failures_break_nothing() -> None:
    assert broken([bore(1000)]) == ""
    assert broken([bore(1000), bore(2000, failed=20), bore(2101)]) == ""


def test_one_failure_in_a_hundred_is_the_most() -> None:
    assert broken([bore(990, failed=10)]) == ""
    assert "1.1%" in broken([bore(989, failed=11)])


def test_calls_too_few_for_a_p99_break_nothing() -> None:
    assert broken([bore(99, p99_ms=5000.0)]) == ""


def test_half_a_second_is_the_slowest_p99() -> None:
    assert broken([bore(1000, p99_ms=500)]) == ""
    assert "501 ms" in broken([bore(1000, p99_ms=501)])


def test_throughput_must_rise_over_the_best_before() -> None:
    assert "104 calls/s" in broken([bore(1000), bore(900), bore(1040)])
    assert broken([bore(1000), bore(900), bore(1051)]) == ""


def test_processor_time_tells_who_was_busy() -> None:
    assert "users' own" in bottleneck(stage(client_cores=0.95, server_cores=0.95), processes=1)
    assert "the server was busy" in bottleneck(stage(client_cores=0.95, server_cores=0.95), processes=2)
    assert "neither" in bottleneck(stage(client_cores=0.5, server_cores=0.5), processes=1)
    assert "not seen" in bottleneck(stage(client_cores=0.5, server_cores=None), processes=1)
