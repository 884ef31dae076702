"""The kernel against the same in numpy, bit for bit: sorted by numpy, added up row after row, then divided."""

from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.aggregation.kernels.middle import middle_means
from mfn_grpc.core.aggregation.kernels.sorting import GROUP, NARROW, WIDE, groups
from tests.core.aggregation.cases import normal


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "first", "last"), [(1, 0, 1), (7, 2, 5), (100, 20, 80), (100, 49, 51)])
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_means_counts_and_distances(dtype: Any, n: int, first: int, last: int, width: int) -> None:
    block = np.round(normal(n + 3, 700, dtype=dtype), 1)  # rounded, so that values coincide
    rows, tile = np.arange(1, n + 1), np.zeros((-(-n // GROUP) * GROUP, width), dtype)
    out, counts, distances = np.empty(700), np.zeros((11, n + 3), np.int64), np.zeros((11, n + 3))
    for begin, end in ((512, 700), (0, 512)):
        merges = groups(n, first, last)
        middle_means(block, begin, end, rows, tile, merges, first, last, out, counts, distances)
    ordered, expected = np.sort(block[rows], axis=0), np.zeros(700)
    for row in ordered[first:last]:
        expected += row
    expected /= last - first
    assert out.tolist() == expected.tolist()
    inside = (block[rows] >= ordered[first]) & (block[rows] <= ordered[last - 1])
    assert counts.sum(axis=0).tolist() == [0, *inside.sum(axis=1).tolist(), 0, 0]
    # Sums in another order: 700 additions of positive numbers.
    np.testing.assert_allclose(distances.sum(axis=0)[rows], ((block[rows] - expected) ** 2).sum(axis=1), rtol=1e-13)
