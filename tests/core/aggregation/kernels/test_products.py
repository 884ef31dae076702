"""Inner products against numpy's in long double."""

from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.aggregation.kernels.products import SIDE, add_products, subtract_row
from tests.core.aggregation.cases import normal

PRECISIONS = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@PRECISIONS
@pytest.mark.parametrize("n", [4, 6])
def test_differences_from_a_row_are_those_of_numpy_with_the_origin_behind_the_first_rows(dtype: Any, n: int) -> None:
    block, out = normal(6, 77, dtype=dtype), np.full((8, 70), np.nan)
    subtract_row(block, 2, n, 5, 70, out)
    wide = np.insert(block[:, 5:70].astype(np.float64), n, 0.0, axis=0)
    assert out[:7, :65].tolist() == (wide - wide[2]).tolist()
    assert np.isnan(out[7]).all()
    assert np.isnan(out[:, 65:]).all()


@PRECISIONS
@pytest.mark.parametrize("width", [16, 61, 64])
def test_products_of_differences_are_taken_in_double_precision_and_added(dtype: Any, width: int) -> None:
    block, n, points = normal(12, 150, dtype=dtype), 11, 13
    padded = -(-points // SIDE) * SIDE
    tile, inner = np.zeros((padded, width)), np.ones((padded, padded))
    for first, last in ((0, 10), (10, 15)):
        add_products(block, 3, n, tile, first, last, inner)
    wide = np.insert(block.astype(np.longdouble), n, 0.0, axis=0)
    differences = wide - wide[3]
    expected = np.tril(1 + differences @ differences.T).astype(np.float64)
    np.testing.assert_allclose(np.tril(inner[:points, :points]), expected, rtol=1e-13, atol=1e-13)
