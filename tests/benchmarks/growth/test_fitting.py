"""Powers through points that lie on a known law, or off it by a known amount."""

import math

import numpy as np
import pytest
from scipy import stats

from benchmarks.growth.fitting import fitted


@pytest.mark.parametrize("power", [-0.5, 0.0, 1.0, 2.0])
def test_points_of_a_power_law_give_its_power_and_its_factor(power: float) -> None:
    sizes = (10, 20, 40, 80)
    law = fitted(sizes, [3.0 * size**power for size in sizes])
    assert law.exponent == pytest.approx(power, abs=1e-12)
    assert law.factor == pytest.approx(3.0)
    assert law.error == pytest.approx(0.0, abs=1e-12)
    assert law.at(1000) == pytest.approx(3.0 * 1000**power)


def test_power_and_error_are_those_of_a_linear_regression_of_the_logarithms() -> None:
    sizes = np.array([4.0, 9.0, 30.0, 70.0, 400.0])
    costs = sizes**1.3 * np.exp(np.random.default_rng(7).normal(0.0, 0.3, sizes.size))
    law, expected = fitted(list(sizes), list(costs)), stats.linregress(np.log(sizes), np.log(costs))
    assert law.exponent == pytest.approx(expected.slope)
    assert law.error == pytest.approx(expected.stderr)
    assert math.log(law.factor) == pytest.approx(expected.intercept)


def test_two_points_have_a_power_without_an_error() -> None:
    law = fitted((1, 10), (5.0, 50.0))
    assert law.exponent == pytest.approx(1.0)
    assert law.error == 0.0


@pytest.mark.parametrize("sizes", [(), (4,), (4, 4)])
def test_less_than_two_sizes_have_no_power(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="two sizes"):
        fitted(sizes, [1.0] * len(sizes))
