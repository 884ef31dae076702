"""Checks of the early-warning indicators, on series whose statistics are known and on the way to a fold."""

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.dynamics import EarlyWarning, EarlyWarningMonitor, EarlyWarningOptions, Indicator
from mfn_grpc.core.features import FEATURE_NAMES, Features
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.validation.checks import CheckSpec, Measure, Relation, Suite
from mfn_grpc.core.validation.expected import dynamics as expected
from mfn_grpc.core.validation.measuring import random_numbers

SCHEFFER = "Scheffer et al., Nature 461:53 (2009)"
BARTLETT = "Priestley, Spectral Analysis and Time Series (1981), section 5.3"
BIAS = "bias: Marriott & Pope, Biometrika 41:390 (1954); Kendall, Biometrika 41:403 (1954)"
DAVISON = "Davison & Hinkley, Bootstrap Methods and their Application (1997), section 4.2"

SUBSTEPS = 25
NOISE = 0.02
TREND_FRAMES = 3000
FRAMES_A_PIECE = 200

check = partial(CheckSpec, suite=Suite.DYNAMICS)


def _warnings(series: Iterable[float], options: EarlyWarningOptions) -> Pieces[dict[Indicator, EarlyWarning]]:
    """The indicators of a series that stands in for the mean potential."""
    monitor = EarlyWarningMonitor(options)
    nothing = dict.fromkeys(FEATURE_NAMES, math.nan)
    for frame, value in enumerate(series):
        monitor.add(Features(**nothing | {"v_mean": value}))
        if frame % FRAMES_A_PIECE == 0:
            yield
    report = yield from monitor.report()
    return {warning.indicator: warning for warning in report}


def _reported(series: Array, options: EarlyWarningOptions) -> Pieces[tuple[EarlyWarning, ...]]:
    """The indicators of as many series at once as there are features, [features, frames]."""
    monitor = EarlyWarningMonitor(options)
    for frame, values in enumerate(series.T.tolist()):
        monitor.add(Features(*values))
        if frame % FRAMES_A_PIECE == 0:
            yield
    return (yield from monitor.report())


def _whole_window(series: Sequence[float]) -> Pieces[dict[Indicator, EarlyWarning]]:
    return _warnings(series, EarlyWarningOptions(window_frames=len(series), surrogates=0))


def _autoregressions(rng: np.random.Generator, frames: int, phi: float = expected.AR1_PHI) -> Array:
    """X' = phi x + noise of variance 1, stationary from the first: one series a feature, [features, frames]."""
    series = rng.standard_normal((len(FEATURE_NAMES), frames))
    series[:, 0] /= math.sqrt(1 - phi**2)
    for frame in range(1, frames):
        series[:, frame] += phi * series[:, frame - 1]
    return series


def _of_autoregression(indicator: Indicator, window: int, series: int) -> Measure:
    """The mean of an indicator over `series` windows, each of its own series."""

    def measure(seed: int) -> Pieces[float]:
        rng, values = random_numbers(seed), list[float]()
        options = EarlyWarningOptions(FEATURE_NAMES, (indicator,), window_frames=window, surrogates=0)
        while len(values) < series:
            found = yield from _reported(_autoregressions(rng, window), options)
            values += [warning.value for warning in found]
        return float(np.mean(values))

    return measure


def _steady_p_values(seed: int, reports: int, frames: int, window: int) -> Pieces[Array]:
    """P of the variance of series without a trend that remember 10 frames, beside 19 surrogates: 18 a report."""
    rng, p_values = random_numbers(seed), list[float | None]()
    options = EarlyWarningOptions(FEATURE_NAMES, (Indicator.VARIANCE,), window_frames=window, surrogates=19, seed=seed)
    for _ in range(reports):
        found = yield from _reported(_autoregressions(rng, frames, phi=0.9), options)
        p_values += [warning.p_value for warning in found]
    return np.array(p_values, dtype=np.float64)


def _steady_mean_p(seed: int) -> Pieces[float]:
    return float((yield from _steady_p_values(seed, reports=10, frames=300, window=50)).mean())


def _steady_share(seed: int) -> Pieces[float]:
    p_values = yield from _steady_p_values(seed, reports=30, frames=109, window=100)
    return float(np.mean(p_values <= expected.STEADY_SHARE))


def _tau_with_ties(_seed: int) -> Pieces[float | None]:
    """The variance is 0 in as many windows as should be equal, and rises from there on."""
    window = 8
    series = np.concatenate([np.zeros(window - 1 + expected.EQUAL), 2.0 ** np.arange(expected.RISING)])
    options = EarlyWarningOptions(indicators=(Indicator.VARIANCE,), window_frames=window, surrogates=0)
    return (yield from _warnings(series.tolist(), options))[Indicator.VARIANCE].kendall_tau


def _tied(seed: int) -> Pieces[float]:
    tau = yield from _tau_with_ties(seed)
    return math.nan if tau is None else tau


def fold_series(roots: Array, rng: np.random.Generator) -> Pieces[list[float]]:
    """A run of x' = a - x^2 + noise by small Euler-Maruyama steps, one value a frame; sqrt a of each in `roots`."""
    dt = expected.FOLD_FRAME / SUBSTEPS
    x, series = float(roots[0]), []
    for frame, root in enumerate(roots.tolist()):
        for shock in (NOISE * math.sqrt(dt) * rng.standard_normal(SUBSTEPS)).tolist():
            x += dt * (root * root - x * x) + shock
        series.append(x)
        if frame % FRAMES_A_PIECE == 0:
            yield
    return series


def _at_fold(seed: int, parameter: float) -> Pieces[dict[Indicator, EarlyWarning]]:
    roots = np.full(expected.AR1_WINDOW, math.sqrt(parameter))
    series = yield from fold_series(roots, random_numbers(seed))
    return (yield from _whole_window(series))


def _fold_lag1(parameter: float) -> Measure:
    def measure(seed: int) -> Pieces[float]:
        return (yield from _at_fold(seed, parameter))[Indicator.LAG1_AUTOCORRELATION].value

    return measure


def _fold_variance_ratio(seed: int) -> Pieces[float]:
    far = yield from _at_fold(seed, expected.FOLD_FAR)
    near = yield from _at_fold(seed, expected.FOLD_NEAR)
    return near[Indicator.VARIANCE].value / far[Indicator.VARIANCE].value


def _approach(indicator: Indicator, read: Callable[[EarlyWarning], float | None]) -> Measure:
    """Something of an indicator while the system drifts to the fold, sqrt a falling evenly from 1 to 1/4."""

    def measure(seed: int) -> Pieces[float]:
        roots = np.linspace(math.sqrt(expected.FOLD_FAR), math.sqrt(expected.FOLD_NEAR), TREND_FRAMES + 1000)
        series = yield from fold_series(roots, random_numbers(seed))
        options = EarlyWarningOptions(
            indicators=(indicator,),
            window_frames=500,
            detrend_bandwidth_frames=50.0,
            surrogates=100,
            seed=seed,
            trend_frames=TREND_FRAMES,
        )
        found = read((yield from _warnings(series, options))[indicator])
        return math.nan if found is None else found

    return measure


CHECKS = (
    check(
        name="lag1_of_ar1",
        description="Lag-1 autocorrelation over 18 windows of 8000 frames of autoregressions with phi = 0.7.",
        measure=_of_autoregression(Indicator.LAG1_AUTOCORRELATION, expected.AR1_WINDOW, expected.AR1_SERIES),
        expected=expected.AR1_LAG1,
        tolerance=6 * expected.AR1_LAG1_ERROR,
        unit="1",
        why_this_tolerance="6 standard errors of the estimate",
        reference=f"{BARTLETT}; {BIAS}",
        in_quick=True,
    ),
    check(
        name="lag1_bias_of_ar1",
        description="The same over 3600 windows of 80 frames, where it is short of phi by (1 + 4 phi) / 80.",
        measure=_of_autoregression(Indicator.LAG1_AUTOCORRELATION, expected.SHORT_WINDOW, expected.SHORT_SERIES),
        expected=expected.SHORT_LAG1,
        tolerance=4 * expected.SHORT_LAG1_ERROR + 0.0015,
        unit="1",
        why_this_tolerance="4 standard errors of 0.0013 and the next term, some 9 / 80^2; phi / 80 is 0.009",
        reference=f"{BIAS}; for a sum over n instead of n - 1 another phi / n",
    ),
    check(
        name="variance_of_ar1",
        description="Variance over the 18 windows of 8000 frames: 1 / (1 - phi^2).",
        measure=_of_autoregression(Indicator.VARIANCE, expected.AR1_WINDOW, expected.AR1_SERIES),
        expected=expected.AR1_VARIANCE,
        tolerance=6 * expected.AR1_VARIANCE_ERROR,
        unit="1",
        why_this_tolerance="6 standard errors of the estimate",
        reference=BARTLETT,
    ),
    check(
        name="lag1_far_from_fold",
        description="Lag-1 autocorrelation of x' = a - x^2 + noise at a = 1, frames 0.25 apart: exp(-0.5).",
        measure=_fold_lag1(expected.FOLD_FAR),
        expected=expected.FOLD_LAG1_FAR,
        tolerance=0.06,
        unit="1",
        why_this_tolerance="6 standard errors of 0.009, and the curvature of x^2 and the small steps, 0.003",
        reference=SCHEFFER,
    ),
    check(
        name="lag1_near_fold",
        description="The same at a = 1/16, where the rate of return is a quarter: exp(-0.125).",
        measure=_fold_lag1(expected.FOLD_NEAR),
        expected=expected.FOLD_LAG1_NEAR,
        tolerance=0.04,
        unit="1",
        why_this_tolerance="6 standard errors of 0.0053, and the curvature of x^2 and the small steps, 0.003",
        reference=SCHEFFER,
    ),
    check(
        name="variance_growth_near_fold",
        description="Variance at a = 1/16 over that at a = 1: it grows as the rate of return falls, fourfold.",
        measure=_fold_variance_ratio,
        expected=expected.FOLD_VARIANCE_RATIO,
        tolerance=1.2,
        unit="1",
        why_this_tolerance="6 standard errors of the ratio, 5 % each",
        reference=SCHEFFER,
    ),
    check(
        name="variance_trend_to_fold",
        description="Kendall's tau of the variance over time while the system drifts to the fold.",
        measure=_approach(Indicator.VARIANCE, lambda warning: warning.kendall_tau),
        expected=0.3,
        tolerance=0.0,
        unit="1",
        why_this_tolerance="a bound: a steady rise gives 1; seeds 0 to 7 measure 0.76 with a spread of 0.08",
        reference=SCHEFFER,
        relation=Relation.AT_LEAST,
    ),
    check(
        name="lag1_trend_to_fold",
        description="Kendall's tau of the lag-1 autocorrelation over time while the system drifts to the fold.",
        measure=_approach(Indicator.LAG1_AUTOCORRELATION, lambda warning: warning.kendall_tau),
        expected=0.3,
        tolerance=0.0,
        unit="1",
        why_this_tolerance="a bound: a steady rise gives 1; seeds 0 to 7 measure 0.74 with a spread of 0.06",
        reference=SCHEFFER,
        relation=Relation.AT_LEAST,
    ),
    check(
        name="variance_p_value_to_fold",
        description="p of that of the variance: the share of series without a trend whose tau is as large.",
        measure=_approach(Indicator.VARIANCE, lambda warning: warning.p_value),
        expected=0.1,
        tolerance=0.0,
        unit="1",
        why_this_tolerance="a bound on the share by chance",
        reference=f"Dakos et al., PLoS ONE 7:e41010 (2012); {DAVISON}",
        relation=Relation.AT_MOST,
    ),
    check(
        name="p_value_without_trend",
        description="Mean p of the variance of 180 series without a trend, beside 19 surrogates each.",
        measure=_steady_mean_p,
        expected=expected.STEADY_MEAN_P,
        tolerance=0.11,
        unit="1",
        why_this_tolerance="5 standard errors of a uniform p, 0.29 / sqrt(180); its least is 1/20",
        reference=DAVISON,
    ),
    check(
        name="small_p_values_without_trend",
        description="Share of p at most 0.1 among 540 series of phi = 0.9 whose windows move by 10 frames.",
        measure=_steady_share,
        expected=expected.STEADY_SHARE,
        tolerance=0.065,
        unit="1",
        why_this_tolerance="5 standard errors of 0.013; beside surrogates without memory 0.2 is seen",
        reference=DAVISON,
    ),
    check(
        name="kendall_tau_with_ties",
        description="Tau-b of a variance that is 0 for 30 windows and rises for 20: root of the share of unlike pairs.",
        measure=_tied,
        expected=expected.TAU_WITH_TIES,
        tolerance=1e-14,
        unit="1",
        why_this_tolerance="a quotient and a root, rounded by 1e-16",
        reference="Kendall, Biometrika 33:239 (1945)",
        in_quick=True,
    ),
)
