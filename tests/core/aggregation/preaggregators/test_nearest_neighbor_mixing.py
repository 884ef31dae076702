import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.aggregation import MeanRule, NearestNeighborMixing, aggregate_arrays
from mfn_grpc.core.aggregation.preaggregators.base import Mixing
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import finish
from tests.core.aggregation import oracles
from tests.core.aggregation.cases import normal, policy, updates
from tests.core.aggregation.seeing import seen_of


def link_of(x: Array, f: int) -> Mixing:
    link = finish(NearestNeighborMixing().prepare(seen_of(x, f)))
    assert isinstance(link, Mixing)
    return link


@given(updates(1, 10, whole=True), st.integers(0, 4))
def test_every_update_becomes_the_mean_of_its_nearest_with_ties_to_the_first(x: Array, f: int) -> None:
    f = min(f, len(x) - 1)
    np.testing.assert_allclose(link_of(x, f).apply(x.copy()), oracles.nearest_neighbor_mixing(x, f), rtol=1e-15)


def test_every_update_is_among_its_own_nearest_even_beside_equal_ones() -> None:
    assert np.diagonal(link_of(np.zeros((6, 2)), 3).numerators).tolist() == [1.0] * 6


def test_no_honest_one_is_mixed_with_a_liar() -> None:
    x = normal(10, 4)
    x[7] = 1e20
    _, record = aggregate_arrays(x, policy(MeanRule(), 1, NearestNeighborMixing()))
    assert record.verdicts[7].weight == pytest.approx(1 / 10 / 9, rel=1e-12)
    assert record.verdicts[7].detail.startswith("among the 9 nearest of 1 of 10; ")
    assert sum(verdict.weight or 0 for verdict in record.verdicts) == pytest.approx(1, rel=1e-12)
