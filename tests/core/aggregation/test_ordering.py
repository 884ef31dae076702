import numpy as np
import pytest
from hypothesis import given

from mfn_grpc.core.aggregation.ordering import nearest_first
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import finish
from tests.core.aggregation.cases import updates


@given(updates(1, 9, whole=True))
def test_others_come_by_distance_then_by_place_and_oneself_last(x: Array) -> None:
    squared = ((x[:, None] - x) ** 2).sum(axis=2)
    for i, row in enumerate(finish(nearest_first(squared))):
        assert row.tolist() == sorted(range(len(x)), key=lambda j: (j == i, squared[i, j], j))


@pytest.mark.parametrize("n", [600, 1100])
def test_many_rows_are_ordered_in_several_pieces(n: int) -> None:
    squared = np.random.default_rng(n).integers(0, 9, (n, n)).astype(np.float64)
    pieces = nearest_first(squared)
    assert sum(1 for _ in pieces) > 1
    np.fill_diagonal(squared, np.inf)
    assert np.array_equal(finish(nearest_first(squared)), np.argsort(squared, axis=1, kind="stable"))
