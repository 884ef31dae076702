import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import kendalltau, skew

from mfn_grpc.core.dynamics import EarlyWarning, EarlyWarningMonitor, EarlyWarningOptions, Indicator, monitor_bytes
from mfn_grpc.core.dynamics.arrays import Array
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


@pytest.mark.parametrize("size", [1e200, 1.5e308])
def test_values_at_the_edge_of_the_range_are_said_to_be_there(size: float) -> None:
    variance, *_ = report([size, -size] * 20, window_frames=20)
    assert math.isnan(variance.value)
    assert variance.undefined_reason == "v_mean varies beyond the range of float64"


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


def test_p_is_the_share_of_surrogates_with_a_tau_as_large() -> None:
    """Surrogates made again by plain loops; only their random numbers come from the same Philox stream."""
    series, window = autoregressive(60, 0.5, seed=1), 20
    (warning,) = report(series, window_frames=window, surrogates=50, seed=9, indicators=(Indicator.VARIANCE,))
    phi = plain_indicators(series[-window:])[Indicator.LAG1_AUTOCORRELATION]
    key = [9, 1000 + FEATURE_NAMES.index("v_mean")]
    shocks = np.random.Generator(np.random.Philox(key=key)).standard_normal((50, 60))
    taus = []
    for row in shocks:
        surrogate = [row[0] / math.sqrt(1 - phi * phi)]
        for shock in row[1:]:
            surrogate.append(phi * surrogate[-1] + shock)
        variances = [np.var(part) for part in np.lib.stride_tricks.sliding_window_view(np.array(surrogate), window)]
        taus.append(kendalltau(range(41), variances).statistic)
    assert warning.kendall_tau is not None
    assert warning.p_value == np.mean(np.array(taus) >= warning.kendall_tau)


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
    assert kept < monitor_bytes(options) < kept + 3_000_000
    for _ in range(3 * options.window_frames):
        monitor.add(NOTHING)
    assert sum(part._values.nbytes for part in parts) == kept
