import numpy as np
import pytest
from hypothesis import given

from mfn_grpc.core.aggregation import CoordinateMedianRule, aggregate_arrays
from mfn_grpc.core.arrays import Array
from tests.core.aggregation import oracles
from tests.core.aggregation.cases import normal, policy, updates, vector


@given(updates(1, 20))
def test_the_median_is_numpys(x: Array) -> None:
    assert vector(x, CoordinateMedianRule(), 0).tolist() == oracles.median(x).tolist()


@pytest.mark.parametrize("n", [1, 2, 99, 100, 257])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_median_is_numpys_over_many_blocks(n: int, dtype: type) -> None:
    x = normal(n, 3001, dtype=dtype)
    assert vector(x, CoordinateMedianRule(), 0).tolist() == oracles.median(x).tolist()


def test_a_share_is_that_of_coordinates_over_n_with_equal_values_faring_alike() -> None:
    x = np.array([[1.0, 5, 0, 7], [2, 5, 0, 8], [3, 5, 9, 7]])
    _, record = aggregate_arrays(x, policy(CoordinateMedianRule(), 1))
    assert [verdict.weight for verdict in record.verdicts] == [3 / 12, 3 / 12, 2 / 12]


def test_it_needs_a_majority() -> None:
    assert CoordinateMedianRule().needed(3) == 7
    assert CoordinateMedianRule().needed(3, 9) == 9
    assert CoordinateMedianRule().least(3) == 1
