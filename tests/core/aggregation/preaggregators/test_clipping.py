import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.aggregation import (
    AdaptiveClipping,
    Bucketing,
    MeanRule,
    NearestNeighborMixing,
    StaticClipping,
    aggregate_arrays,
)
from mfn_grpc.core.arrays import Array
from tests.core.aggregation import oracles
from tests.core.aggregation.cases import normal, policy, updates, vector


@given(updates(1, 8), st.floats(0.01, 100))
def test_longer_updates_are_shortened_to_the_stated_norm(x: Array, longest: float) -> None:
    norms = np.linalg.norm(x, axis=1)
    clipped = x * np.where(norms > longest, longest / np.maximum(norms, 1e-300), 1.0)[:, None]
    np.testing.assert_allclose(
        vector(x, MeanRule(), 0, StaticClipping(longest)), clipped.mean(axis=0), rtol=1e-12, atol=1e-12
    )


@given(updates(1, 10, whole=True), st.integers(0, 4))
def test_the_longest_are_shortened_to_the_norm_of_the_next(x: Array, f: int) -> None:
    f = min(f, len(x) - 1)
    x = x + 0.5  # no update of norm 0, by which the oracle would divide
    found = vector(x, MeanRule(), f, AdaptiveClipping())
    np.testing.assert_allclose(found, oracles.adaptive_clipping(x, f).mean(axis=0), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("n", "f", "clipped"), [(10, 2, 3), (10, 1, 1), (20, 4, 6), (7, 3, 3), (5, 0, 0)])
def test_how_many_are_shortened_is_a_whole_number_found_exactly(n: int, f: int, clipped: int) -> None:
    """floor(2 (f / n) (n - f)): 2 of 10 give 3.2."""
    x = np.arange(1.0, n + 1)[:, None]
    _, record = aggregate_arrays(x, policy(MeanRule(), f, AdaptiveClipping()))
    shortened = [k for k, verdict in enumerate(record.verdicts) if verdict.detail.startswith("shortened")]
    assert shortened == list(range(n - clipped, n))


def test_a_share_is_what_is_left_of_an_update() -> None:
    x = np.array([[3.0], [1.0]])
    _, record = aggregate_arrays(x, policy(MeanRule(), 0, StaticClipping(1.5)))
    assert [verdict.weight for verdict in record.verdicts] == [0.25, 0.5]
    assert record.verdicts[0].detail.startswith("shortened from norm 3 to 1.5; distance to the aggregate 0.25; ")


def test_behind_a_mixing_norms_are_those_of_the_means() -> None:
    x = normal(8, 3, spread=4)
    mixed = oracles.nearest_neighbor_mixing(x, 2)
    expected = oracles.adaptive_clipping(mixed, 2).mean(axis=0)
    found = vector(x, MeanRule(), 2, NearestNeighborMixing(), AdaptiveClipping())
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_behind_groups_norms_are_those_of_their_means() -> None:
    """Two groups of two: whichever way they are dealt, the longer mean is shortened to 0.5."""
    x = np.array([[4.0], [4.0], [4.0], [4.0]])
    assert vector(x, MeanRule(), 0, Bucketing(2), StaticClipping(0.5)).tolist() == [0.5]


def test_behind_a_clipping_norms_are_the_clipped_ones() -> None:
    x = normal(8, 3, spread=4)
    clipped = x * np.minimum(1, 5 / np.linalg.norm(x, axis=1))[:, None]
    expected = oracles.adaptive_clipping(clipped, 2).mean(axis=0)
    found = vector(x, MeanRule(), 2, StaticClipping(5.0), AdaptiveClipping())
    np.testing.assert_allclose(found, expected, rtol=1e-12)
