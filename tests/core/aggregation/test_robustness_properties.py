"""What makes a rule robust: it follows all updates when they move together, and one liar moves it a bounded way."""

import numpy as np
import pytest

from mfn_grpc.core.aggregation import (
    CenteredClippingRule,
    LegacyHierarchicalKrumRule,
    MeanRule,
    NearestNeighborMixing,
    Rule,
    WeightedMeanRule,
    name_of,
)
from tests.core.aggregation.cases import ALL_RULES, normal, vector

NOT_ROBUST = MeanRule, WeightedMeanRule, LegacyHierarchicalKrumRule
FREE = [rule for rule in ALL_RULES if not isinstance(rule, CenteredClippingRule)]
ROBUST = [rule for rule in ALL_RULES if not isinstance(rule, NOT_ROBUST)]


@pytest.mark.parametrize(
    "rule", [rule for rule in ALL_RULES if not isinstance(rule, CenteredClippingRule)], ids=name_of
)
@pytest.mark.parametrize("mixed", [False, True])
def test_moving_all_updates_moves_the_aggregate_as_far(rule: Rule, mixed: bool) -> None:
    """Centred clipping begins at its centre, which then has to move as well."""
    steps = (NearestNeighborMixing(),) if mixed else ()
    x, shift = normal(31, 6), np.linspace(-3, 5, 6)
    moved = vector(x + shift, rule, 2, *steps)
    # The geometric median stops when steps are below 1e-8 of its norm, which grows with the shift.
    np.testing.assert_allclose(moved, vector(x, rule, 2, *steps) + shift, atol=1e-6)


def test_moving_the_centre_too_moves_centred_clipping() -> None:
    x, shift = normal(11, 4), np.linspace(-3, 5, 4)
    moved = vector(x + shift, CenteredClippingRule(), 2, center=shift)
    np.testing.assert_allclose(moved, vector(x, CenteredClippingRule(), 2) + shift, atol=1e-9)


@pytest.mark.parametrize("far", [1e6, -1e6, 1e20])
@pytest.mark.parametrize("rule", ROBUST, ids=name_of)
def test_one_liar_leaves_the_aggregate_among_the_others(rule: Rule, far: float) -> None:
    """However far the liar is, the aggregate stays within the diameter of the others from their mean."""
    x = normal(31, 5)
    x[13] = far
    honest = np.delete(x, 13, axis=0)
    diameter = max(np.linalg.norm(a - b) for a in honest for b in honest)
    assert np.linalg.norm(vector(x, rule, 2) - honest.mean(axis=0)) <= diameter


@pytest.mark.parametrize("rule", ROBUST, ids=name_of)
def test_how_far_a_liar_is_does_not_matter_once_it_is_far(rule: Rule) -> None:
    x = normal(31, 5)
    x[13] = 1e6
    near = vector(x, rule, 2)
    x[13] = 1e12
    np.testing.assert_allclose(vector(x, rule, 2), near, atol=1e-4)


@pytest.mark.parametrize("rule", [MeanRule(), WeightedMeanRule()], ids=name_of)
def test_a_mean_follows_the_liar(rule: Rule) -> None:
    x = normal(31, 5)
    before = vector(x, rule, 2)
    for far in (1e6, 1e12):
        x[13] = far
        assert np.abs(vector(x, rule, 2) - before).min() == pytest.approx(far / 31, rel=1e-3)


@pytest.mark.parametrize("rule", ALL_RULES, ids=name_of)
def test_updates_that_agree_are_the_aggregate(rule: Rule) -> None:
    """Centred clipping reaches them from 0 in one step: its radius is the distance itself."""
    found = vector(np.tile([1.5, -2.0, 0.25], (31, 1)), rule, 2)
    np.testing.assert_allclose(found, [1.5, -2.0, 0.25], rtol=1e-14)
