import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import kendalltau, skew

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.dynamics.kernels.indicators import (
    INDICATORS,
    LAG1,
    SKEWNESS,
    VARIANCE,
    autoregress,
    surrogate_taus,
    window_indicators,
)


def indicators(values: object) -> Array:
    found = np.empty(INDICATORS)
    window_indicators(np.asarray(values, dtype=np.float64), found)
    return found


def plain_lag1(values: list[float]) -> float:
    """The usual estimator, by a plain loop."""
    mean = sum(values) / len(values)
    below = [value - mean for value in values]
    products = sum(one * two for one, two in pairwise(below))
    return products / sum(value * value for value in below)


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=60))
def test_indicators_are_those_of_numpy_scipy_and_a_plain_loop(values: list[float]) -> None:
    assume(np.std(values) > 1e-3)
    found = indicators(values)
    # Up to 60 roundings of values up to 100 times the spread kept above.
    assert found[VARIANCE] == pytest.approx(np.var(values), rel=1e-9)
    assert found[LAG1] == pytest.approx(plain_lag1(values), abs=1e-8)
    assert found[SKEWNESS] == pytest.approx(skew(values), abs=1e-8, rel=1e-8)


@pytest.mark.parametrize("unit", [1e-150, 1e-3, 1e3, 1e140])
def test_the_unit_enters_the_variance_alone(unit: float) -> None:
    values = np.random.default_rng(0).standard_normal(50)
    one, other = indicators(values), indicators(unit * values)
    assert other[VARIANCE] == pytest.approx(one[VARIANCE] * unit * unit, rel=1e-12)
    assert other[1:] == pytest.approx(one[1:], rel=1e-12)


def test_a_large_mean_costs_no_digits_but_its_own() -> None:
    """The numbers are exact in binary, so that the shift itself does not round."""
    values = np.random.default_rng(0).integers(-1000, 1000, 50) / 1024
    assert indicators(values + 2.0**40) == pytest.approx(indicators(values), rel=1e-12)


@pytest.mark.parametrize("unit", [1e-160, 1e-180, 1e-300])
def test_a_variance_below_the_range_of_normal_numbers_is_undefined_and_never_zero(unit: float) -> None:
    values = np.random.default_rng(0).standard_normal(50)
    one, other = indicators(values), indicators(unit * values)
    assert math.isnan(other[VARIANCE])
    assert other[1:] == pytest.approx(one[1:], rel=1e-12)


def test_the_smallest_numbers_have_their_memory_and_lean() -> None:
    values = np.random.default_rng(0).integers(0, 4, 50).astype(float)
    one, other = indicators(values), indicators(values * 5e-324)
    assert math.isnan(other[VARIANCE])
    assert other[1:].tolist() == one[1:].tolist()


@pytest.mark.parametrize("value", [0.0, 0.1, -70.0, 1e300])
def test_equal_values_have_variance_zero_and_nothing_else(value: float) -> None:
    found = indicators([value] * 20)
    assert found[VARIANCE] == 0
    assert np.isnan(found[[LAG1, SKEWNESS]]).all()


@pytest.mark.parametrize("place", [0, 7, 19])
def test_one_missing_value_leaves_nothing(place: int) -> None:
    values = np.arange(20.0)
    values[place] = math.nan
    assert np.isnan(indicators(values)).all()


def test_a_spread_beyond_the_range_leaves_nothing_and_a_square_beyond_it_no_variance() -> None:
    assert np.isnan(indicators([-1e308, 1e308] * 5)).all()
    found = indicators([-1e200, 1e200] * 5)
    assert math.isnan(found[VARIANCE])
    assert found[LAG1] == pytest.approx(-0.9, rel=1e-12)


@pytest.mark.parametrize("phi", [-0.6, 0.0, 0.5, 0.9])
def test_a_first_order_autoregressive_series_shows_its_coefficient(phi: float) -> None:
    rng, length = np.random.default_rng(7), 100_000
    series = np.empty(length)
    series[0] = rng.standard_normal() / math.sqrt(1 - phi * phi)
    for i in range(1, length):
        series[i] = phi * series[i - 1] + rng.standard_normal()
    found = indicators(series)
    # Five standard errors: sqrt((1 - phi^2) / n) (Bartlett), and of the variance sqrt(2 (1 + phi^2) / (1 - phi^2) / n).
    assert found[LAG1] == pytest.approx(phi, abs=5 * math.sqrt((1 - phi * phi) / length))
    spread = math.sqrt(2 * (1 + phi * phi) / (1 - phi * phi) / length)
    assert found[VARIANCE] * (1 - phi * phi) == pytest.approx(1, abs=5 * spread)


def plain_surrogate_taus(noise: Array, phi: float, window: int, chosen: Array, kept: Array) -> Array:
    """The same by whole windows, numpy and scipy."""
    taus = np.empty((len(chosen), len(noise)))
    for s, row in enumerate(noise):
        series = [row[0] / math.sqrt(1 - phi * phi)]
        for shock in row[1:]:
            series.append(phi * series[-1] + shock)
        windows = np.lib.stride_tricks.sliding_window_view(np.array(series), window)
        table = np.array([indicators(part) for part in windows]).T
        for c, row_of_table in enumerate(chosen):
            values = table[row_of_table][kept[c]]
            taus[c, s] = kendalltau(np.arange(len(values)), values).statistic
    return taus


@pytest.mark.parametrize("phi", [-0.5, 0.0, 0.97])
def test_surrogates_are_autoregressive_series_seen_through_the_same_windows(phi: float) -> None:
    rng = np.random.default_rng(3)
    window, windows, surrogates = 20, 60, 5
    noise = rng.standard_normal((surrogates, windows + window - 1))
    chosen = np.array([SKEWNESS, VARIANCE, LAG1])
    kept = rng.random((3, windows)) < 0.8
    expected = plain_surrogate_taus(noise.copy(), phi, window, chosen, kept)
    taus = np.empty((3, surrogates))
    work = np.empty((INDICATORS, windows)), np.empty((2, windows))
    autoregress(noise, phi)
    surrogate_taus(noise, window, chosen, kept, *work, taus)
    # Running sums differ from whole ones by rounding, which changes no rank here.
    assert taus == pytest.approx(expected, abs=1e-13)
