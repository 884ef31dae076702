"""By the 0-1 principle (Knuth, 5.3.4, theorem Z) a network that sorts all rows of zeros and ones sorts everything."""

import itertools
from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.aggregation.kernels.networks import network


def all_zeros_and_ones(n: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.array(list(itertools.product([0, 1], repeat=n)), np.float32).T.copy()


def sort_rows(rows: np.ndarray[Any, Any], comparators: np.ndarray[Any, Any]) -> None:
    for low, high in comparators.tolist():
        rows[[low, high]] = np.minimum(rows[low], rows[high]), np.maximum(rows[low], rows[high])


@pytest.mark.parametrize("n", range(1, 14))
def test_every_column_of_zeros_and_ones_is_sorted(n: int) -> None:
    tile = all_zeros_and_ones(n)
    expected = np.sort(tile, axis=0)
    sort_rows(tile, network(n, 0, n))
    assert tile.tolist() == expected.tolist()


@pytest.mark.parametrize("n", range(2, 12))
def test_the_places_asked_for_are_right_after_a_smaller_network(n: int) -> None:
    for first in range(n):
        for last in range(first + 1, n + 1):
            tile = all_zeros_and_ones(n)
            expected = np.sort(tile, axis=0)[first:last]
            sort_rows(tile, network(n, first, last))
            assert tile[first:last].tolist() == expected.tolist()
    assert len(network(n, n // 2, n // 2 + 1)) < len(network(n, 0, n)) or n < 5


@pytest.mark.parametrize("n", [100, 257, 1000])
def test_many_rows_are_sorted(n: int) -> None:
    tile = np.random.default_rng(n).integers(0, 50, (n, 40)).astype(np.float64)
    expected = np.sort(tile, axis=0)
    sort_rows(tile, network(n, 0, n))
    assert tile.tolist() == expected.tolist()


def test_one_row_needs_no_comparison() -> None:
    assert network(1, 0, 1).shape == (0, 2)
