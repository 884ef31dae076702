from benchmarks.soak.report import BOUNDS, Sample, growth, report


def samples(mib_a_minute: float) -> list[Sample]:
    return [Sample(minute, 100 + mib_a_minute * minute, 20, 10) for minute in range(31)]


def test_growth_is_the_rise_of_the_fitted_line() -> None:
    assert round(growth(samples(2.0))["anonymous_mib"], 6) == 60
    assert abs(growth(samples(2.0))["files"]) < 1e-6


def test_a_leak_beyond_the_bound_fails_and_the_warm_up_does_not_count() -> None:
    assert not report(samples(BOUNDS["anonymous_mib"] / 20), warm_up_minutes=6)[1]
    steady = [Sample(each.minutes, 100 if each.minutes < 6 else 300, 20, 10) for each in samples(0)]
    assert report(steady, warm_up_minutes=6)[1]
