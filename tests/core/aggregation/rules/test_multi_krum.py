import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.aggregation import KrumNeighbors, MultiKrumRule, VerdictKind, aggregate_arrays
from mfn_grpc.core.arrays import Array
from tests.core.aggregation import oracles
from tests.core.aggregation.cases import normal, policy, updates, vector


@given(updates(3, 12, whole=True), st.integers(0, 2), st.booleans(), st.data())
def test_multi_krum_is_the_papers_with_every_tie_to_the_first(
    x: Array, f: int, mean: bool, data: st.DataObject
) -> None:
    selected = data.draw(st.none() | st.integers(1, len(x) - f))
    neighbors = KrumNeighbors.MEAN_N_MINUS_F_MINUS_1 if mean else KrumNeighbors.SUM_N_MINUS_F_MINUS_2
    found = vector(x, MultiKrumRule(neighbors, selected), f)
    assert found.tolist() == oracles.multi_krum(x, f, selected or len(x) - f, mean=mean).tolist()


def test_claimed_weights_count_only_when_asked_for() -> None:
    x, claims = normal(7, 4), [1.0, 1, 1, 1, 1, 1, 1000]
    x[6] += 1
    equal, _ = aggregate_arrays(x, policy(MultiKrumRule(), 1), weights=claims)
    assert equal.tolist() == vector(x, MultiKrumRule(), 1).tolist()
    weighted, record = aggregate_arrays(
        x[:6], policy(MultiKrumRule(weight_by_examples=True), 1), weights=[1, 1, 1, 1, 1, 7]
    )
    taken = [k for k, verdict in enumerate(record.verdicts) if verdict.kind is VerdictKind.ACCEPTED]
    expected = np.average(x[taken], axis=0, weights=[7.0 if k == 5 else 1.0 for k in taken])
    np.testing.assert_allclose(weighted, expected, rtol=1e-14)


def test_one_liar_sets_the_result_when_weights_are_believed() -> None:
    x = normal(9, 3)
    liar = aggregate_arrays(x, policy(MultiKrumRule(selected=9, weight_by_examples=True), 0), weights=[1] * 8 + [1e9])[
        0
    ]
    np.testing.assert_allclose(liar, x[8], rtol=1e-6)


def test_when_nobody_claims_anything_all_count_alike() -> None:
    x = normal(6, 3)
    found, record = aggregate_arrays(x, policy(MultiKrumRule(weight_by_examples=True), 1), weights=[0] * 6)
    assert found.tolist() == vector(x, MultiKrumRule(), 1).tolist()
    assert record.accepted == 5


@pytest.mark.parametrize(("selected", "f", "needed"), [(None, 2, 7), (3, 2, 7), (10, 2, 12)])
def test_it_needs_what_krum_needs_and_those_selected(selected: int | None, f: int, needed: int) -> None:
    assert MultiKrumRule(selected=selected).needed(f) == needed
    assert MultiKrumRule(selected=selected).least(f) == (selected or 1) + f


def test_equal_numbers_of_examples_are_not_collapsed() -> None:
    """Weights kept as a set would make one of two equal ones vanish."""
    x = np.array([[0.0], [3.0], [6.0]])
    found = vector(x, MultiKrumRule(selected=3, weight_by_examples=True), 0, weights=[5, 5, 5])
    assert found.tolist() == [3.0]
