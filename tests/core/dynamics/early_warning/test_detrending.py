import math

import numpy as np
import pytest

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.dynamics.early_warning.detrending import (
    Detrending,
    reach_of,
    residuals,
)


def frame_by_frame(series: Array, bandwidth: float) -> list[float]:
    detrending = Detrending(1, bandwidth)
    found = [detrending.residual(np.array([value])) for value in series]
    return [float(value[0]) for value in found if value is not None]


def plain_residual(series: Array, place: int, bandwidth: float) -> float:
    weights = {age: math.exp(-(age**2) / (2 * bandwidth**2)) for age in range(math.ceil(3 * bandwidth) + 1)}
    average = sum(weight * series[place - age] for age, weight in weights.items()) / sum(weights.values())
    return float(series[place] - average)


@pytest.mark.parametrize("bandwidth", [1.0, 2.5, 20.0])
def test_the_gaussian_average_of_the_past_is_taken_away(bandwidth: float) -> None:
    series = np.random.default_rng(1).standard_normal(200)
    reach = math.ceil(3 * bandwidth)
    expected = [plain_residual(series, place, bandwidth) for place in range(reach, 200)]
    assert reach_of(bandwidth) == reach
    assert frame_by_frame(series, bandwidth) == pytest.approx(expected, abs=1e-14)


def test_without_a_bandwidth_nothing_is_taken_away() -> None:
    series = np.random.default_rng(1).standard_normal(20)
    assert frame_by_frame(series, 0.0) == series.tolist()


def test_a_constant_leaves_exactly_nothing_and_a_steady_rise_a_constant() -> None:
    assert set(frame_by_frame(np.full(100, 0.1), 7.0)) == {0.0}
    rise = frame_by_frame(0.5 * np.arange(100.0), 7.0)
    assert np.ptp(rise) < 1e-13
    assert rise[0] > 1


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_missing_value_is_missing_as_long_as_the_average_sees_it(bad: float) -> None:
    series = np.zeros(30)
    series[10] = bad
    found = frame_by_frame(series, 2.0)
    assert [place + 6 for place, value in enumerate(found) if not math.isfinite(value)] == list(range(10, 17))


def test_values_at_the_edge_of_the_range_do_not_warn() -> None:
    series = np.array([1e308, -1e308] * 10)
    assert len(frame_by_frame(series, 1.0)) == 17


@pytest.mark.parametrize("bandwidth", [0.0, 1.0, 2.5, 40.0])
def test_whole_series_are_detrended_as_frame_by_frame(bandwidth: float) -> None:
    series = np.random.default_rng(4).standard_normal((3, 300))
    detrending = Detrending(3, bandwidth)
    frames = [found for frame in series.T if (found := detrending.residual(frame)) is not None]
    # Rounding of sums and of Fourier transforms of values around 1.
    np.testing.assert_allclose(residuals(series, bandwidth), np.array(frames).T, rtol=0, atol=1e-14)
