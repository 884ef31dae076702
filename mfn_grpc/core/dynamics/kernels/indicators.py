"""Statistics of one window of a series, and of every window of a surrogate series."""

import math

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import jit
from mfn_grpc.core.dynamics.kernels.ranks import kendall_tau

VARIANCE, LAG1, SKEWNESS = 0, 1, 2
INDICATORS = 3

SMALLEST = 2.0**-1022
"""Below this float64 has fewer digits, and then none."""


@jit
def window_indicators(window: Array, found: Array) -> None:
    """Variance, lag-1 autocorrelation and skewness of `window`, at least two values, into `found` [INDICATORS].

    Deviations are taken from the first value and in units of the largest of them, so that neither a large mean nor the
    unit costs digits. All are NaN when a value is NaN or the spread overflows, the variance alone when it is beyond the
    range of normal float64; equal values have variance 0 and no autocorrelation or skewness (NaN).
    """
    count = window.shape[0]
    origin, scale, mean = window[0], 0.0, 0.0
    for i in range(count):
        deviation = window[i] - origin
        if not math.isfinite(deviation):
            found[:] = math.nan
            return
        scale = max(scale, abs(deviation))
    if scale == 0.0:
        found[VARIANCE], found[LAG1], found[SKEWNESS] = 0.0, math.nan, math.nan
        return
    for i in range(count):
        mean += (window[i] - origin) / scale / count
    second, third, product, before = 0.0, 0.0, 0.0, 0.0
    for i in range(count):
        deviation = (window[i] - origin) / scale - mean
        second += deviation * deviation
        third += deviation * deviation * deviation
        product += before * deviation
        before = deviation
    variance = second / count
    found[VARIANCE] = variance * scale * scale
    if not SMALLEST <= found[VARIANCE] < math.inf:
        found[VARIANCE] = math.nan
    found[LAG1] = product / second
    found[SKEWNESS] = third / count / (variance * math.sqrt(variance))


@jit
def autoregress(noise: Array, phi: float) -> None:
    """Turn unit white noise [series, frames] into x[t] = phi x[t - 1] + noise[t], in place; |phi| < 1.

    Each series is stationary from the start.
    """
    for s in range(noise.shape[0]):
        noise[s, 0] /= math.sqrt(1.0 - phi * phi)
        for i in range(1, noise.shape[1]):
            noise[s, i] += phi * noise[s, i - 1]


@jit
def _sliding_indicators(series: Array, window: int, found: Array) -> None:
    """The indicators of every window of a series of mean 0 and size about 1, into `found` [INDICATORS, windows]."""
    one, two, three, product = 0.0, 0.0, 0.0, 0.0
    for i in range(series.shape[0]):
        value = series[i]
        one += value
        two += value * value
        three += value * value * value
        if i > 0:
            product += series[i - 1] * value
        first = i - window + 1
        if first < 0:
            continue
        oldest = series[first]
        mean = one / window
        variance = two / window - mean * mean
        found[VARIANCE, first] = variance
        covariance = product - mean * (2.0 * one - oldest - value) + (window - 1) * mean * mean
        found[LAG1, first] = covariance / (window * variance)
        central = three / window - 3.0 * mean * (two / window) + 2.0 * mean * mean * mean
        found[SKEWNESS, first] = central / (variance * math.sqrt(variance))
        one -= oldest
        two -= oldest * oldest
        three -= oldest * oldest * oldest
        if window > 1:
            product -= oldest * series[first + 1]


@jit
def surrogate_taus(
    series: Array, window: int, chosen: Array, kept: Array, found: Array, scratch: Array, taus: Array
) -> None:
    """Kendall's tau of the chosen indicators of series of mean 0 and size about 1.

    series: [surrogates, windows + window - 1]. chosen: indicators, int64 [chosen].
    kept: windows that count for each, bool [chosen, windows]. found [INDICATORS, windows] and scratch [2, windows] are
    working space. taus: the result, [chosen, surrogates].
    """
    windows = kept.shape[1]
    for s in range(series.shape[0]):
        _sliding_indicators(series[s], window, found)
        for c in range(chosen.shape[0]):
            count = 0
            for i in range(windows):
                if kept[c, i]:
                    scratch[0, count] = found[chosen[c], i]
                    count += 1
            taus[c, s] = kendall_tau(scratch[0, :count], scratch[1, :count])
