from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.aggregation.kernels.combining import (
    add_pair_distances,
    add_squared_distances,
    combine,
    squared_length,
)
from tests.core.aggregation.cases import normal

PRECISIONS = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@PRECISIONS
def test_sums_of_squares_are_taken_in_double_precision(dtype: Any) -> None:
    """Squares in single precision would be wrong in the eighth digit."""
    row = normal(1, 999, dtype=dtype)[0]
    assert squared_length(row) == pytest.approx(float((row.astype(np.longdouble) ** 2).sum()), rel=1e-14)


@PRECISIONS
def test_distances_of_pairs_are_taken_in_double_precision_and_added(dtype: Any) -> None:
    block, pairs, sums = normal(4, 333, dtype=dtype), np.array([[0, 1], [2, 3], [1, 1]]), np.array([5.0, 0, 0])
    add_pair_distances(block, pairs, sums)
    wide = block.astype(np.longdouble)
    expected = [float(((wide[i] - wide[j]) ** 2).sum()) for i, j in pairs.tolist()]
    assert sums.tolist() == pytest.approx([5 + expected[0], expected[1], 0], rel=1e-14)


@PRECISIONS
def test_distances_from_a_point_are_those_of_the_first_rows(dtype: Any) -> None:
    block, point, sums = normal(5, 50, dtype=dtype), normal(1, 50, seed=3)[0], np.ones(3)
    add_squared_distances(block, point, sums)
    np.testing.assert_allclose(sums, 1 + ((block[:3] - point) ** 2).sum(axis=1), rtol=1e-14)


@PRECISIONS
def test_a_combination_is_added_up_row_after_row_then_divided(dtype: Any) -> None:
    block, rows, numerators, out = normal(6, 40, dtype=dtype), np.array([1, 2, 5]), np.array([1.0, 2, 3]), np.empty(40)
    combine(block, rows, numerators, 7.0, out)
    wide = block.astype(np.float64)
    assert out.tolist() == ((((0.0 + wide[1]) + 2 * wide[2]) + 3 * wide[5]) / 7).tolist()
