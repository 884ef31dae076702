import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from mfn_grpc.core.dynamics.kernels.ranks import kendall_tau


def tau(values: list[float]) -> float:
    array = np.array(values, dtype=np.float64)
    return float(kendall_tau(array, np.empty_like(array)))


@given(st.lists(st.integers(0, 8) | st.floats(-1, 1), min_size=2, max_size=200))
def test_tau_is_that_of_scipy_ties_included(values: list[float]) -> None:
    expected = kendalltau(np.arange(len(values)), values).statistic
    # scipy divides by the same square roots in another order.
    assert tau(values) == pytest.approx(expected, abs=1e-14, nan_ok=True)


@pytest.mark.parametrize("length", [2, 15, 16, 17, 31, 32, 33, 64, 65, 1000])
def test_every_length_of_runs_is_merged(length: int) -> None:
    values = np.random.default_rng(length).integers(0, length, length).astype(float).tolist()
    assert tau(values) == pytest.approx(kendalltau(range(length), values).statistic, abs=1e-14)


def test_tau_is_that_of_a_plain_count_of_pairs() -> None:
    values = [3.0, 1.0, 2.0, 2.0, 5.0]
    pairs = [(i, j) for i in range(5) for j in range(i + 1, 5)]
    score = sum(np.sign(values[j] - values[i]) for i, j in pairs)
    assert tau(values) == pytest.approx(score / math.sqrt(10 * 9), rel=1e-15)


def test_rising_values_have_one_and_falling_ones_minus_one() -> None:
    rising = np.arange(10_000.0)
    assert tau(rising.tolist()) == 1
    assert tau(rising[::-1].tolist()) == -1


@pytest.mark.parametrize("values", [[], [1.0], [2.0, 2.0], [0.0] * 50])
def test_equal_values_have_no_tau(values: list[float]) -> None:
    assert math.isnan(tau(values))
