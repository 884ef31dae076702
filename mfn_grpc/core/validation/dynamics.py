"""Checks of Lyapunov exponents and of the early-warning indicators."""

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np

from mfn_grpc.core.dynamics import (
    HENON,
    LOGISTIC,
    LORENZ,
    EarlyWarning,
    EarlyWarningMonitor,
    EarlyWarningOptions,
    Indicator,
    LyapunovExponents,
    field_exponents,
    flow_exponents,
    ifs_exponents,
    map_exponents,
)
from mfn_grpc.core.features import FEATURE_NAMES, Features
from mfn_grpc.core.fractals import SIERPINSKI_TRIANGLE, IteratedFunctionSystem
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.reaction_diffusion import GrayScott, Schnakenberg, SimulationSpec
from mfn_grpc.core.validation.checks import CheckSpec, Measure, Relation, Suite
from mfn_grpc.core.validation.expected import dynamics as expected
from mfn_grpc.core.validation.expected.turing import SCHNAKENBERG
from mfn_grpc.core.validation.measuring import Array, random_numbers

BENETTIN = "Benettin, Galgani, Giorgilli & Strelcyn, Meccanica 15:9 (1980)"
SPROTT = "Sprott, Chaos and Time-Series Analysis (2003), appendix A"
SCHEFFER = "Scheffer et al., Nature 461:53 (2009)"
BARTLETT = "Priestley, Spectral Analysis and Time Series (1981), section 5.3"

SUBSTEPS = 25
NOISE = 0.02
TREND_FRAMES = 3000
FRAMES_A_PIECE = 200

STRETCHED = IteratedFunctionSystem(
    np.array([np.diag([0.6, 0.3])] * 2), np.array([[0.0, 0.0], [0.4, 0.7]]), np.array([0.5, 0.5])
)

check = partial(CheckSpec, suite=Suite.DYNAMICS)
exponent = partial(check, unit="1/step")
closed_form = partial(
    exponent,
    tolerance=1e-9,
    why_this_tolerance="equal tangent maps at every step: what is left is roundoff and the last of the transient",
    in_quick=True,
)


def _per_step(
    exponents: Callable[[], Pieces[LyapunovExponents]], combine: Callable[[Sequence[float]], float]
) -> Measure:
    """Something of the exponents per step, largest first."""

    def measure(_seed: int) -> Pieces[float]:
        return combine((yield from exponents()).per_step)

    return measure


def _leading(values: Sequence[float]) -> float:
    return values[0]


def _second(values: Sequence[float]) -> float:
    return values[1]


def _logistic() -> Pieces[LyapunovExponents]:
    return map_exponents(LOGISTIC, steps=500_000)


def _henon() -> Pieces[LyapunovExponents]:
    return map_exponents(HENON, steps=2_000_000)


def _lorenz(combine: Callable[[Sequence[float]], float]) -> Measure:
    """Per time unit."""

    def measure(_seed: int) -> Pieces[float]:
        return combine((yield from flow_exponents(LORENZ, dt=0.005, steps=1_000_000)).per_time)

    return measure


def _sierpinski() -> Pieces[LyapunovExponents]:
    return ifs_exponents(SIERPINSKI_TRIANGLE, steps=10_000)


def _stretched() -> Pieces[LyapunovExponents]:
    return ifs_exponents(STRETCHED, steps=10_000)


def _level(values: tuple[float, float], edge: int) -> Array:
    return np.broadcast_to(np.array(values)[:, None, None], (2, edge, edge)).copy()


def _resting_field() -> Pieces[LyapunovExponents]:
    """Gray-Scott at (1, 0), where its linearised system is diagonal."""
    spec = SimulationSpec(GrayScott(), shape=(8, 8), initial_state=_level((1.0, 0.0), 8))
    return field_exponents(spec, 2, steps=200, transient=300)


def _turing_field(_seed: int) -> Pieces[float]:
    """Schnakenberg held at its steady state: equal cells stay equal to the bit, whatever grows beside them."""
    edge = expected.FIELD_EDGE
    spec = SimulationSpec(Schnakenberg(), shape=(edge, edge), initial_state=_level(SCHNAKENBERG.steady, edge))
    return (yield from field_exponents(spec, 1, steps=500, transient=7_000)).per_step[0]


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


def _whole_window(series: Sequence[float]) -> Pieces[dict[Indicator, EarlyWarning]]:
    return _warnings(series, EarlyWarningOptions(window_frames=len(series), surrogates=0))


def _autoregression(seed: int) -> list[float]:
    """AR1_WINDOW values of x' = phi x + noise of variance 1, stationary from the first."""
    noise = random_numbers(seed).standard_normal(expected.AR1_WINDOW).tolist()
    series = [noise[0] / math.sqrt(1 - expected.AR1_PHI**2)]
    for shock in noise[1:]:
        series.append(expected.AR1_PHI * series[-1] + shock)
    return series


def _of_autoregression(indicator: Indicator) -> Measure:
    def measure(seed: int) -> Pieces[float]:
        return (yield from _whole_window(_autoregression(seed)))[indicator].value

    return measure


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


MAPS = (
    exponent(
        name="lyapunov_logistic",
        description="Exponent of the logistic map at r = 4 from tangent vectors: ln 2.",
        measure=_per_step(_logistic, _leading),
        expected=expected.LOGISTIC,
        tolerance=1e-4,
        why_this_tolerance="over 500000 steps the sum is off by a few units, however long it is",
        reference="conjugate to the tent map: Ulam & von Neumann, Bull. AMS 53:1120 (1947)",
        in_quick=True,
    ),
    exponent(
        name="lyapunov_henon",
        description="Leading exponent of the Henon map at a = 1.4, b = 0.3.",
        measure=_per_step(_henon, _leading),
        expected=expected.HENON,
        tolerance=0.0015,
        why_this_tolerance="6 standard errors of 2000000 steps, 0.00023 each",
        reference=SPROTT,
    ),
    exponent(
        name="lyapunov_henon_sum",
        description="Sum of both exponents of the Henon map, whose Jacobian has the determinant -b everywhere: ln b.",
        measure=_per_step(_henon, sum),
        expected=expected.HENON_SUM,
        tolerance=1e-11,
        why_this_tolerance="roundoff of 2000000 logarithms, which the mean wears down",
        reference=BENETTIN,
    ),
    check(
        name="lyapunov_lorenz",
        description="Leading exponent of the Lorenz flow at sigma = 10, rho = 28, beta = 8/3, per time unit.",
        measure=_lorenz(_leading),
        expected=expected.LORENZ,
        tolerance=0.01,
        unit="1/time unit",
        why_this_tolerance="5 standard errors of a time of 5000, 0.0019 each",
        reference=SPROTT,
    ),
    check(
        name="lyapunov_lorenz_sum",
        description="Sum of the three exponents of the Lorenz flow, the divergence of its field: -(sigma + 1 + beta).",
        measure=_lorenz(sum),
        expected=expected.LORENZ_SUM,
        tolerance=1e-4,
        unit="1/time unit",
        why_this_tolerance="Runge-Kutta with dt = 0.005 contracts volumes to some 1e-5 as fast",
        reference="Lorenz, J. Atmos. Sci. 20:130 (1963)",
    ),
    closed_form(
        name="lyapunov_sierpinski",
        description="Leading exponent of the Sierpinski triangle's maps: -ln 2, not the -2 ln 2 of ln|det|.",
        measure=_per_step(_sierpinski, _leading),
        expected=expected.SIERPINSKI,
        reference="every map halves every vector",
    ),
    closed_form(
        name="lyapunov_sierpinski_sum",
        description="Sum of both exponents of the Sierpinski triangle's maps: the mean of ln|det|, -2 ln 2.",
        measure=_per_step(_sierpinski, sum),
        expected=expected.SIERPINSKI_SUM,
        reference="every map quarters every area",
    ),
    closed_form(
        name="lyapunov_stretched",
        description="Second exponent of maps that shrink one axis to 0.6 and the other to 0.3: ln 0.3.",
        measure=_per_step(_stretched, _second),
        expected=expected.STRETCHED[1],
        reference="diagonal matrices commute",
    ),
)

FIELDS = (
    closed_form(
        name="lyapunov_field_leading",
        description="Leading exponent of the Gray-Scott field at (1, 0): u decays by F, ln(1 - F) a step.",
        measure=_per_step(_resting_field, _leading),
        expected=expected.FIELD_RESTING[0],
        reference="linearisation at (1, 0), which is diagonal in u, v and the waves",
    ),
    closed_form(
        name="lyapunov_field_second",
        description="Second exponent of the Gray-Scott field at (1, 0): v decays by F + k, ln(1 - F - k) a step.",
        measure=_per_step(_resting_field, _second),
        expected=expected.FIELD_RESTING[1],
        reference="linearisation at (1, 0), which is diagonal in u, v and the waves",
    ),
    check(
        name="lyapunov_field_turing",
        description="Leading exponent of the Schnakenberg field at its steady state: the growth of its fastest wave.",
        measure=_turing_field,
        expected=expected.FIELD_TURING,
        tolerance=1e-9,
        unit="1/step",
        why_this_tolerance="after 7000 steps other waves are 1e-4 of the fastest, and enter squared",
        reference="Murray, Mathematical Biology II, 3rd ed. (2003), section 2.3",
    ),
)

WARNINGS = (
    check(
        name="lag1_of_ar1",
        description="Lag-1 autocorrelation over a window of 8000 frames of an autoregression with phi = 0.7.",
        measure=_of_autoregression(Indicator.LAG1_AUTOCORRELATION),
        expected=expected.AR1_LAG1,
        tolerance=6 * expected.AR1_LAG1_ERROR,
        unit="1",
        why_this_tolerance="6 standard errors of the estimate",
        reference=f"{BARTLETT}; bias: Marriott & Pope, Biometrika 41:390 (1954)",
        in_quick=True,
    ),
    check(
        name="variance_of_ar1",
        description="Variance over the same window: 1 / (1 - phi^2).",
        measure=_of_autoregression(Indicator.VARIANCE),
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
        why_this_tolerance="a bound: a steady rise gives 1; over seeds 0.74 with a spread of 0.07 is seen",
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
        why_this_tolerance="a bound: a steady rise gives 1; over seeds 0.74 with a spread of 0.07 is seen",
        reference=SCHEFFER,
        relation=Relation.AT_LEAST,
    ),
    check(
        name="variance_p_value_to_fold",
        description="Share of surrogates without a trend whose tau of the variance is as large.",
        measure=_approach(Indicator.VARIANCE, lambda warning: warning.p_value),
        expected=0.1,
        tolerance=0.0,
        unit="1",
        why_this_tolerance="a bound on the share by chance",
        reference="Dakos et al., PLoS ONE 7:e41010 (2012)",
        relation=Relation.AT_MOST,
    ),
)

CHECKS = (*MAPS, *FIELDS, *WARNINGS)
