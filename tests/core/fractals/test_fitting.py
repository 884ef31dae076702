import math

import numpy as np
import pytest
import scipy.stats

from mfn_grpc.core.fractals.fitting import fit_line, half_width, t_quantile

ROUNDING = 1e-12  # both sum a handful of numbers


@pytest.mark.parametrize("points", [3, 4, 9, 14])
def test_the_line_is_that_of_scipy(points: int) -> None:
    rng = np.random.default_rng(points)
    x, y = np.sort(rng.random(points)), rng.random(points)
    ours, theirs = fit_line(x.tolist(), y.tolist()), scipy.stats.linregress(x, y)
    assert ours.slope == pytest.approx(theirs.slope, rel=ROUNDING)
    assert ours.intercept == pytest.approx(theirs.intercept, rel=ROUNDING)
    assert ours.standard_error == pytest.approx(theirs.stderr, rel=ROUNDING)
    assert ours.r_squared == pytest.approx(theirs.rvalue**2, abs=ROUNDING)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("points", [3, 5, 12])
def test_the_interval_is_students(points: int, level: float) -> None:
    rng = np.random.default_rng(points)
    line = fit_line(list(range(points)), rng.random(points).tolist())
    low, high = scipy.stats.t.interval(level, points - 2, loc=line.slope, scale=line.standard_error)
    assert half_width(line, level) == pytest.approx((high - low) / 2, rel=1e-9)  # two implementations of the quantile


def test_quantiles_are_kept() -> None:
    t_quantile.cache_clear()
    assert t_quantile(5, 0.975) == t_quantile(5, 0.975) == pytest.approx(2.570581835636314)
    assert t_quantile.cache_info().hits == 1


def test_points_on_a_line_have_no_residuals() -> None:
    line = fit_line([0, 1, 2, 3], [5, 7, 9, 11])
    assert (line.slope, line.intercept, line.standard_error, line.r_squared) == (2, 5, 0, 1)


@pytest.mark.parametrize("level", [0.0, 4.0, math.log(2), math.log(3)])
def test_a_level_line_explains_nothing_since_there_is_nothing_to_explain(level: float) -> None:
    for points in (3, 5, 7):
        line = fit_line(list(range(points)), [level] * points)
        assert line.slope == pytest.approx(0, abs=1e-15)  # a mean of equal numbers rounds
        assert math.isnan(line.r_squared)


def test_two_points_have_a_slope_and_no_error() -> None:
    line = fit_line([1, 3], [1, 5])
    assert line.slope == 2
    assert math.isnan(line.standard_error)
    assert math.isnan(line.r_squared)
    assert math.isnan(half_width(line, 0.95))


@pytest.mark.parametrize("points", [0, 1])
def test_less_than_two_points_have_no_line(points: int) -> None:
    assert math.isnan(fit_line([1.0] * points, [1.0] * points).slope)
