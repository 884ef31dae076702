import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.aggregation import MeanAroundMedianRule, aggregate_arrays
from mfn_grpc.core.arrays import Array
from tests.core.aggregation import oracles
from tests.core.aggregation.cases import normal, policy, updates, vector


@given(updates(1, 15, whole=True) | updates(1, 15), st.integers(0, 14))
def test_it_is_that_of_a_plain_loop_with_every_tie_to_the_first(x: Array, f: int) -> None:
    f = min(f, len(x) - 1)
    assert vector(x, MeanAroundMedianRule(), f).tolist() == oracles.mean_around_median(x, len(x) - f).tolist()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_is_that_of_a_plain_loop_over_many_blocks(dtype: type) -> None:
    x = normal(60, 1100, dtype=dtype)
    assert vector(x, MeanAroundMedianRule(), 17).tolist() == oracles.mean_around_median(x, 43).tolist()


def test_of_two_equally_far_from_the_median_the_first_client_counts() -> None:
    assert vector([[1.0], [2.0], [3.0]], MeanAroundMedianRule(), 1).tolist() == [1.5]
    assert vector([[3.0], [2.0], [1.0]], MeanAroundMedianRule(), 1).tolist() == [2.5]


def test_shares_are_those_of_coordinates_over_n() -> None:
    x = normal(10, 300)
    _, record = aggregate_arrays(x, policy(MeanAroundMedianRule(), 3))
    assert sum(verdict.weight or 0 for verdict in record.verdicts) == pytest.approx(7 / 10, rel=1e-12)


def test_it_needs_a_majority_and_one_beside_f() -> None:
    assert MeanAroundMedianRule().needed(4) == 9
    assert MeanAroundMedianRule().least(4) == 5
