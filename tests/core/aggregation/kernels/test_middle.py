"""The kernel against the same in numpy, bit for bit: sorted by numpy, added up row after row, then divided."""

from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.aggregation.kernels.middle import middle_means
from mfn_grpc.core.aggregation.kernels.networks import network
from tests.core.aggregation.cases import normal


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "first", "last"), [(1, 0, 1), (7, 2, 5), (100, 20, 80), (100, 49, 51)])
@pytest.mark.parametrize("width", [16, 64])
def test_means_counts_and_distances(dtype: Any, n: int, first: int, last: int, width: int) -> None:
    block = np.round(normal(n + 3, 150, dtype=dtype), 1)  # rounded, so that values coincide
    rows, tile = np.arange(1, n + 1), np.zeros((n, width), dtype)
    out, counts, distances = np.empty(150), np.zeros(n + 3, np.int64), np.zeros(n + 3)
    middle_means(block, rows, tile, network(n, first, last), first, last, out, counts, distances)
    ordered, expected = np.sort(block[rows], axis=0), np.zeros(150)
    for row in ordered[first:last]:
        expected += row
    expected /= last - first
    assert out.tolist() == expected.tolist()
    inside = (block[rows] >= ordered[first]) & (block[rows] <= ordered[last - 1])
    assert counts.tolist() == [0, *inside.sum(axis=1).tolist(), 0, 0]
    # Sums in another order: 150 additions of positive numbers.
    np.testing.assert_allclose(distances[rows], ((block[rows] - expected) ** 2).sum(axis=1), rtol=1e-13)
