import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import kendalltau, skew

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.dynamics import EarlyWarning, EarlyWarningMonitor, EarlyWarningOptions, Indicator, monitor_bytes
from mfn_grpc.core.dynamics.early_warning.detrending import reach_of
from mfn_grpc.core.features import FEATURE_NAMES, Features
from mfn_grpc.core.pieces import finish

NOTHING = Features(*[math.nan] * len(FEATURE_NAMES))


def watch(monitor: EarlyWarningMonitor, values: Sequence[float] | Array) -> EarlyWarningMonitor:
    """Feed v_mean, all other features undefined."""
    for value in values:
        monitor.add(replace(NOTHING, v_mean=float(value)))
    return monitor


def report(values: Sequence[float] | Array, **settings: Any) -> tuple[EarlyWarning, ...]:
    return finish(watch(EarlyWarningMonitor(EarlyWarningOptions(**settings)), values).report())


def noise(length: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(length)


def autoregressive(length: int, phi: float, seed: int) -> Array:
    shocks = noise(length, seed)
    shocks[0] /= math.sqrt(1 - phi * phi)
    for i in range(1, length):
        shocks[i] += phi * shocks[i - 1]
    return shocks


def plain_indicators(window: Array) -> dict[Indicator, float]:
    below = window - window.mean()
    return {
        Indicator.VARIANCE: float(np.var(window)),
        Indicator.LAG1_AUTOCORRELATION: float(below[1:] @ below[:-1] / (below @ below)),
        Indicator.SKEWNESS: float(skew(window)),
    }


def test_nothing_is_reported_before_the_window_is_full() -> None:
    monitor = EarlyWarningMonitor(EarlyWarningOptions(window_frames=10))
    assert finish(watch(monitor, noise(9)).report()) == ()
    warnings = finish(watch(monitor, noise(1)).report())
    assert [warning.indicator for warning in warnings] == list(Indicator)
    assert monitor.frames == 10


def test_values_are_those_of_the_last_window_and_tau_that_of_all_windows() -> None:
    series = noise(70)
    windows = [plain_indicators(part) for part in np.lib.stride_tricks.sliding_window_view(series, 20)]
    warnings = report(series, window_frames=20, surrogates=0)
    for warning in warnings:
        history = [window[warning.indicator] for window in windows]
        assert warning.value == pytest.approx(history[-1], rel=1e-10)
        assert warning.kendall_tau == pytest.approx(kendalltau(range(51), history).statistic, abs=1e-14)
        assert (warning.p_value, warning.undefined_reason) == (None, "")


def test_tau_looks_at_the_last_values_of_the_trend_only() -> None:
    series = noise(200)
    windows = np.lib.stride_tricks.sliding_window_view(series, 20)[-30:]
    (warning,) = report(series, window_frames=20, trend_frames=30, surrogates=0, indicators=(Indicator.VARIANCE,))
    expected = kendalltau(range(30), [np.var(window) for window in windows]).statistic
    assert warning.kendall_tau == pytest.approx(expected, abs=1e-14)


def test_tau_needs_ten_values() -> None:
    assert report(noise(28), window_frames=20)[0].kendall_tau is None
    assert report(noise(28), window_frames=20)[0].p_value is None
    assert report(noise(29), window_frames=20)[0].kendall_tau is not None
    assert report(noise(29), window_frames=20)[0].p_value is not None


def test_features_and_indicators_come_in_the_order_asked_for() -> None:
    options = EarlyWarningOptions(
        features=("v_std", "d_box"), indicators=(Indicator.SKEWNESS, Indicator.VARIANCE), window_frames=8
    )
    monitor = EarlyWarningMonitor(options)
    for i in range(8):
        monitor.add(replace(NOTHING, v_std=float(i), d_box=float(i * i)))
    warnings = finish(monitor.report())
    assert [(warning.feature, warning.indicator.value) for warning in warnings] == [
        ("v_std", "skewness"),
        ("v_std", "variance"),
        ("d_box", "skewness"),
        ("d_box", "variance"),
    ]
    assert warnings[1].value == pytest.approx(np.var(np.arange(8)), rel=1e-14)
    assert warnings[3].value == pytest.approx(np.var(np.arange(8) ** 2), rel=1e-14)


def test_an_undefined_frame_leaves_every_window_that_holds_it_undefined_and_says_so() -> None:
    series = noise(60)
    series[30] = math.nan
    for end in (30, 31, 50, 51, 60):
        warnings = report(series[:end], window_frames=20, surrogates=0)
        is_missing = 30 < end <= 50
        assert all(math.isnan(warning.value) == is_missing for warning in warnings)
        reason = "v_mean is undefined in, or just before, 1 of the window's 20 frames" if is_missing else ""
        assert {warning.undefined_reason for warning in warnings} == {reason}


def test_tau_leaves_undefined_windows_out() -> None:
    series = noise(90)
    series[30] = math.nan
    (warning,) = report(series, window_frames=20, surrogates=0, indicators=(Indicator.VARIANCE,))
    variances = np.array([np.var(part) for part in np.lib.stride_tricks.sliding_window_view(series, 20)])
    kept = ~np.isnan(variances)
    assert np.count_nonzero(kept) == 51
    assert warning.kendall_tau == pytest.approx(kendalltau(np.flatnonzero(kept), variances[kept]).statistic, abs=1e-14)


def test_a_feature_that_is_never_defined_is_reported_as_such() -> None:
    for warning in report([math.nan] * 40, window_frames=20):
        assert math.isnan(warning.value)
        assert warning.kendall_tau is warning.p_value is None
        assert warning.undefined_reason == "v_mean is undefined in, or just before, 20 of the window's 20 frames"


@pytest.mark.parametrize("bandwidth", [0.0, 3.0])
def test_a_constant_feature_has_variance_zero_and_neither_memory_nor_lean(bandwidth: float) -> None:
    variance, lag1, skewness = report([-70.1] * 60, window_frames=20, detrend_bandwidth_frames=bandwidth)
    assert (variance.value, variance.undefined_reason) == (0.0, "")
    for warning in (lag1, skewness):
        assert math.isnan(warning.value)
        assert warning.undefined_reason == "v_mean has the same value in all 20 frames of the window"
    assert all(warning.kendall_tau is warning.p_value is None for warning in (variance, lag1, skewness))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("size", "where"),
    [
        (1e200, "beyond"),
        (1.5e308, "beyond"),
        (1e-180, "so little that its variance is below"),
        (5e-324, "so little that its variance is below"),
    ],
)
def test_values_at_the_edge_of_the_range_are_said_to_be_there(size: float, where: str) -> None:
    variance, *_ = report([size, -size] * 20, window_frames=20)
    assert math.isnan(variance.value)
    assert variance.undefined_reason == f"v_mean varies {where} the range of float64"
    assert variance.kendall_tau is variance.p_value is None


def test_infinite_features_count_as_undefined() -> None:
    assert "undefined" in report([0.0, math.inf] * 10, window_frames=20)[0].undefined_reason


def test_detrending_takes_slow_change_away_before_anything_is_measured() -> None:
    wiggle = noise(400)
    ramp = np.linspace(0, 1000, 400)
    (plain,) = report(wiggle + ramp, window_frames=100, surrogates=0, indicators=(Indicator.VARIANCE,))
    settings: dict[str, Any] = {"window_frames": 100, "surrogates": 0, "indicators": (Indicator.VARIANCE,)}
    (detrended,) = report(wiggle + ramp, detrend_bandwidth_frames=5.0, **settings)
    (undisturbed,) = report(wiggle, detrend_bandwidth_frames=5.0, **settings)
    assert plain.value > 1000
    # A linear ramp leaves a constant but for the rounding of values up to 1000.
    assert detrended.value == pytest.approx(undisturbed.value, rel=1e-9)


def test_frames_with_too_short_a_past_to_detrend_do_not_enter_the_window() -> None:
    monitor = EarlyWarningMonitor(EarlyWarningOptions(window_frames=10, detrend_bandwidth_frames=2.0))
    assert finish(watch(monitor, noise(15)).report()) == ()
    assert finish(watch(monitor, noise(1)).report()) != ()


def plain_p_value(series: Array, tau: float, phi: float, window: int, bandwidth: float) -> tuple[float, bool]:
    """With 50 surrogates made by plain loops under seed 9, and whether one has the very tau; all in frames of v_mean.

    Only the random numbers come from the same Philox stream.
    """
    reach = math.ceil(3 * bandwidth)
    philox = np.random.Philox(key=[9, 1000], counter=[0, FEATURE_NAMES.index("v_mean"), 0, 0])
    shocks = np.random.Generator(philox).standard_normal((50, len(series)))
    taus = []
    for row in shocks:
        surrogate = [row[0] / math.sqrt(1 - phi * phi)]
        for shock in row[1:]:
            surrogate.append(phi * surrogate[-1] + shock)
        kept = plain_residuals(np.array(surrogate), bandwidth)
        variances = [np.var(part) for part in np.lib.stride_tricks.sliding_window_view(kept, window)]
        taus.append(kendalltau(range(len(series) - reach - window + 1), variances).statistic)
    # Taus differ by 2/45 of ten windows and 2/820 of 41, or by rounding alone.
    above = np.array(taus) - tau
    return (1 + int(np.count_nonzero(above > -1e-9))) / 51, bool((np.abs(above) < 1e-9).any())


def plain_residuals(series: Array, bandwidth: float) -> Array:
    if not bandwidth:
        return series
    weights = np.exp(-0.5 * np.square(np.arange(math.ceil(3 * bandwidth) + 1) / bandwidth))
    return series[len(weights) - 1 :] - np.convolve(series, weights / weights.sum(), mode="valid")


@pytest.mark.parametrize(
    ("length", "window", "phi", "bandwidth", "ties"),
    [
        (60, 20, 0.5, 0.0, False),
        (29, 20, 0.5, 0.0, True),
        (109, 100, 0.9, 0.0, False),
        (119, 50, 0.9, 10.0, False),
    ],
)
def test_p_is_the_share_of_series_with_a_tau_as_large(
    length: int, window: int, phi: float, bandwidth: float, ties: bool
) -> None:
    """Ten windows have one of 46 taus, so that some surrogates have the very tau of the series: they count."""
    series = autoregressive(length, phi, seed=1)
    (warning,) = report(
        series,
        window_frames=window,
        detrend_bandwidth_frames=bandwidth,
        surrogates=50,
        seed=9,
        indicators=(Indicator.VARIANCE,),
    )
    tau, p_value = warning.kendall_tau, warning.p_value
    assert tau is not None
    found = plain_indicators(plain_residuals(series, bandwidth)[-window:])[Indicator.LAG1_AUTOCORRELATION]
    assert (p_value, ties) == plain_p_value(series, tau, found, window, bandwidth)
    # With other surrogates it would be another: without memory, or not detrended.
    assert p_value != plain_p_value(series, tau, 0.0, window, bandwidth)[0]
    assert not bandwidth or p_value != plain_p_value(series[math.ceil(3 * bandwidth) :], tau, found, window, 0.0)[0]


def test_no_p_value_is_below_one_in_the_number_of_series() -> None:
    """A trend beyond all surrogates: the share of those alone would be 0, which no number of them can show."""
    growing = noise(300) * np.exp(np.linspace(0, 6, 300))
    (warning,) = report(growing, window_frames=50, surrogates=19, indicators=(Indicator.VARIANCE,))
    assert warning.p_value == 1 / 20


def test_reports_depend_on_frames_and_options_alone() -> None:
    series = autoregressive(150, 0.6, seed=2)
    monitor = EarlyWarningMonitor(EarlyWarningOptions(window_frames=30, surrogates=20))
    for value in series:
        finish(watch(monitor, [value]).report())
    assert finish(monitor.report()) == report(series, window_frames=30, surrogates=20)


def test_the_seed_decides_the_surrogates_and_nothing_else() -> None:
    series = autoregressive(150, 0.6, seed=2)
    one, other = (report(series, window_frames=30, surrogates=50, seed=seed) for seed in (1, 2))
    assert [warning.kendall_tau for warning in one] == [warning.kendall_tau for warning in other]
    assert [warning.p_value for warning in one] != [warning.p_value for warning in other]


def near_a_fold(seed: int, *, ramped: bool) -> Array:
    """dx = (r + x^2) dt + noise around the stable branch x = -sqrt(-r), r from -1 towards -0.04 or staying at -1.

    The slow change of the branch itself is taken away, as a caller would by detrending: here exactly.
    """
    frames, inner, dt = 1100, 20, 0.05
    shocks = np.random.default_rng(seed).standard_normal((frames, inner)) * 0.01 * math.sqrt(dt)
    x, series = -1.0, np.empty(frames)
    for frame in range(frames):
        r = -1.0 + (0.96 * frame / frames if ramped else 0.0)
        for shock in shocks[frame]:
            x += (r + x * x) * dt + shock
        series[frame] = x + math.sqrt(-r)
    return series


@pytest.mark.parametrize("seed", range(4))
def test_variance_and_memory_rise_towards_a_fold(seed: int) -> None:
    variance, lag1, _ = report(near_a_fold(seed, ramped=True), window_frames=200, surrogates=200)
    for warning in (variance, lag1):
        assert warning.kendall_tau is not None
        assert warning.p_value is not None
        assert warning.kendall_tau > 0.5
        assert warning.p_value < 0.1


def test_far_from_a_fold_small_p_values_are_as_rare_as_they_should_be() -> None:
    """Uniform p-values have mean 1/2, and a share of 0.1 below 0.1."""
    found = [
        report(near_a_fold(100 + seed, ramped=False)[:400], window_frames=100, surrogates=50) for seed in range(80)
    ]
    for row in range(3):
        p_values = np.array([warnings[row].p_value for warnings in found], dtype=float)
        # Of 80: four standard errors are 4 * 0.29 / sqrt(80) for the mean and 4 * 0.3 / sqrt(80) for the share.
        assert p_values.mean() == pytest.approx(0.5, abs=0.13)
        assert np.mean(p_values < 0.1) <= 0.1 + 0.13


def p_values(series: list[Array], **settings: Any) -> Array:
    """[series, indicators], with as many surrogates as make p uniform on 1/20, 2/20 ... 1 where chance rules."""
    options = EarlyWarningOptions(features=FEATURE_NAMES, surrogates=19, **settings)
    rows = []
    for first in range(0, len(series), len(FEATURE_NAMES)):
        monitor = EarlyWarningMonitor(options)
        for frame in np.array(series[first : first + len(FEATURE_NAMES)]).T:
            monitor.add(Features(*frame.tolist()))
        rows += [warning.p_value for warning in finish(monitor.report())]
    return np.array(rows, dtype=float).reshape(len(series), len(Indicator))


@pytest.mark.parametrize("bandwidth", [0.0, 10.0])
@pytest.mark.parametrize("phi", [0.0, 0.9])
def test_whatever_its_memory_and_detrended_or_not_a_steady_series_is_seldom_significant(
    phi: float, bandwidth: float
) -> None:
    frames = 300 + reach_of(bandwidth)
    steady = [autoregressive(frames, phi, seed) for seed in range(10 * len(FEATURE_NAMES))]
    found = p_values(steady, window_frames=50, detrend_bandwidth_frames=bandwidth)
    # Of 180: four standard errors are 0.3 * 4 / sqrt(180) for the share and 0.29 * 4 / sqrt(180) for the mean.
    assert np.all(np.mean(found <= 0.1, axis=0) <= 0.1 + 0.09)
    assert found.mean(axis=0) == pytest.approx([0.525] * 3, abs=0.09)


def test_a_short_trend_of_a_series_with_memory_is_no_more_significant() -> None:
    """Where windows move by less than the memory their variance drifts: of surrogates without one 9 % drift as far.

    Of those with it 26 %: so a quarter of these series would seem significant at 0.1.
    """
    steady = [autoregressive(109, 0.9, seed) for seed in range(30 * len(FEATURE_NAMES))]
    found = p_values(steady, window_frames=100)[:, 0]
    # Of 540: five standard errors of 0.3 / sqrt(540); the memory is estimated from one window each.
    assert np.mean(found <= 0.1) == pytest.approx(0.1, abs=0.065)


def test_the_textbook_p_value_of_tau_finds_trends_where_there_are_none() -> None:
    """Overlapping windows are not independent: the famous wrong test calls most of these series significant."""
    wrong: Any = 0
    for seed in range(20):
        windows = np.lib.stride_tricks.sliding_window_view(autoregressive(400, 0.5, seed), 100)
        wrong += kendalltau(range(len(windows)), np.var(windows, axis=1)).pvalue < 0.05
    assert wrong >= 14


def test_long_reports_pause() -> None:
    options = EarlyWarningOptions(features=("v_mean", "v_std"), window_frames=100, trend_frames=200, surrogates=1000)
    monitor = EarlyWarningMonitor(options)
    rng = np.random.default_rng(0)
    for _ in range(300):
        monitor.add(Features(*rng.standard_normal(len(FEATURE_NAMES))))
    # 1000 surrogates of 299 frames, 334 of them in a piece of 100,000 values.
    assert sum(1 for _ in monitor.report()) == 2 * (3 + 3)


@pytest.mark.parametrize(
    "options",
    [
        EarlyWarningOptions(),
        EarlyWarningOptions(features=FEATURE_NAMES, window_frames=500, detrend_bandwidth_frames=100.0, surrogates=10),
    ],
)
def test_memory_is_known_before_the_first_frame(options: EarlyWarningOptions) -> None:
    monitor = EarlyWarningMonitor(options)
    parts = (monitor._window, monitor._trend, monitor._detrending._past)
    kept = sum(part._values.nbytes for part in parts)
    # A report adds the noise of one piece, 100,000 values of 8 bytes, and four arrays of its size if it is detrended;
    # and less than 200 kB of trends and taus.
    noise_bytes = 800_000 * (5 if options.detrend_bandwidth_frames else 1)
    assert kept < monitor_bytes(options) < kept + noise_bytes + 200_000
    for _ in range(3 * options.window_frames):
        monitor.add(NOTHING)
    assert sum(part._values.nbytes for part in parts) == kept
