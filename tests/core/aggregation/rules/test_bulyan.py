import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.aggregation import BulyanRule, BulyanSelection, VerdictKind, aggregate_arrays
from mfn_grpc.core.arrays import Array
from tests.core.aggregation import oracles
from tests.core.aggregation.cases import normal, policy, updates, vector


@given(updates(5, 12, whole=True), st.integers(0, 2), st.booleans())
def test_bulyan_is_the_papers_with_every_tie_to_the_first(x: Array, f: int, one_shot: bool) -> None:
    f = min(f, (len(x) - 1) // 4)
    selection = BulyanSelection.ONE_SHOT if one_shot else BulyanSelection.ITERATED
    assert vector(x, BulyanRule(selection), f).tolist() == oracles.bulyan(x, f, one_shot=one_shot).tolist()


def test_picking_at_once_differs_from_picking_one_by_one_in_most_cases() -> None:
    differing = sum(
        vector(x, BulyanRule(), 2).tolist() != vector(x, BulyanRule(BulyanSelection.ONE_SHOT), 2).tolist()
        for x in (normal(11, 4, seed=seed) for seed in range(20))
    )
    assert differing > 10


@pytest.mark.parametrize(("f", "needed", "least"), [(0, 3, 1), (1, 7, 5), (5, 23, 21)])
def test_it_needs_four_f_and_three(f: int, needed: int, least: int) -> None:
    assert (BulyanRule().needed(f), BulyanRule().least(f)) == (needed, least)


def test_those_not_picked_have_no_part_and_the_others_a_share_of_coordinates() -> None:
    x = normal(11, 40)
    x[3] += 50
    _, record = aggregate_arrays(x, policy(BulyanRule(), 2))
    picked = set(oracles.bulyan_picks(x, 2))
    assert {k for k, verdict in enumerate(record.verdicts) if verdict.kind is VerdictKind.ACCEPTED} <= picked
    assert record.verdicts[3].kind is VerdictKind.REJECTED
    # 11 - 4 * 2 = 3 values are taken of every coordinate.
    assert sum(verdict.weight or 0 for verdict in record.verdicts) == pytest.approx(3 / 11, rel=1e-12)
    scores = [verdict.score for verdict in record.verdicts]
    np.testing.assert_allclose(np.array(scores, float), oracles.krum_scores(x, 2), rtol=2e-9)
