"""Sorted by numpy is the oracle; zeros and ones show that a network sorts everything (Knuth, 5.3.4, theorem Z)."""

import itertools
from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.aggregation.kernels.sorting import GROUP, NARROW, WIDE, groups, sort_rows
from tests.core.aggregation.cases import normal

PRECISIONS = pytest.mark.parametrize("dtype", [np.float32, np.float64])
WIDTHS = pytest.mark.parametrize("width", [NARROW, WIDE])


def room(rows: int, width: int, dtype: Any) -> np.ndarray[Any, Any]:
    return np.zeros((-(-rows // GROUP) * GROUP, width), dtype)


@WIDTHS
@pytest.mark.parametrize("n", range(1, 12))
def test_the_places_asked_for_are_right_for_all_zeros_and_ones(n: int, width: int) -> None:
    block, rows = np.array(list(itertools.product([0, 1], repeat=n)), np.float32).T.copy(), np.arange(n)
    for first, last in {(0, n), (n // 2, n // 2 + 1), (n // 4, n - n // 4)}:
        tile = room(n, width, np.float32)
        for start in range(0, block.shape[1], width):
            stop = min(start + width, block.shape[1])
            sort_rows(block, rows, start, stop, tile, groups(n, first, last))
            expected = np.sort(block[:, start:stop], axis=0)[first:last]
            assert tile[first:last, : stop - start].tolist() == expected.tolist()


@PRECISIONS
@WIDTHS
@pytest.mark.parametrize("n", [3, 4, 100, 257, 1000])
def test_some_rows_of_a_block_are_sorted_whether_they_fill_a_tile_or_not(dtype: Any, width: int, n: int) -> None:
    block, rows = np.round(normal(n + 2, 2 * width, dtype=dtype), 1), np.arange(1, n + 1)
    tile = room(n, width, dtype)
    for start, stop in ((0, width), (width, 2 * width - 9)):
        sort_rows(block, rows, start, stop, tile, groups(n, 0, n))
        assert tile[:n, : stop - start].tolist() == np.sort(block[rows, start:stop], axis=0).tolist()


def test_fewer_groups_are_merged_for_the_middle_than_for_all() -> None:
    assert len(groups(100, 49, 51)) < len(groups(100, 20, 80)) < len(groups(100, 0, 100))
