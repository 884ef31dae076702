import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.aggregation import CenteredClippingRule, StaticClipping, aggregate_arrays
from mfn_grpc.core.arrays import Array
from tests.core.aggregation import oracles
from tests.core.aggregation.cases import normal, policy, updates, vector


@given(updates(1, 10), st.sampled_from([None, 0.1, 3.0, 1e6]), st.integers(1, 5), st.booleans())
def test_it_is_that_of_a_plain_loop(x: Array, radius: float | None, steps: int, centred: bool) -> None:
    """Distances from inner products keep at least half of all digits, relative to the largest."""
    centre = np.linspace(-1, 1, x.shape[1]) if centred else None
    found = vector(x, CenteredClippingRule(radius, steps), 0, center=centre)
    expected = oracles.centred_clipping(x, np.zeros(x.shape[1]) if centre is None else centre, radius, steps)
    np.testing.assert_allclose(found, expected, atol=1e-7 * (1 + np.abs(x).max()))


def test_a_wide_radius_gives_the_mean() -> None:
    x = normal(7, 3)
    np.testing.assert_allclose(vector(x, CenteredClippingRule(1e6), 1), x.mean(axis=0), rtol=1e-12)


def test_one_liar_moves_it_by_at_most_a_share_of_the_radius_each_step() -> None:
    x = normal(10, 4)
    for step in (1, 2, 3):
        rule = CenteredClippingRule(2.0, step)
        with_liar = x.copy()
        with_liar[3] = 1e6
        moved = np.linalg.norm(vector(with_liar, rule, 1) - vector(x, rule, 1))
        # Each step moves by the mean of clipped differences, at most 2 * radius / n apart, and is 1-Lipschitz in v.
        assert moved <= step * 2 * 2.0 / 10 + 1e-9


def test_single_precision_updates_leave_the_centre_in_double_precision() -> None:
    x = np.ones((5, 3), np.float32)
    centre = np.full(3, 1 / 3)
    found, _ = aggregate_arrays(x, policy(CenteredClippingRule(0.1, 1), 1), center=centre)
    # One step of 0.1 along (1, 1, 1) from the centre.
    np.testing.assert_allclose(found, centre + 0.1 / np.sqrt(3), rtol=1e-14)


def test_shares_are_what_each_added_and_the_rest_is_the_centres() -> None:
    _, record = aggregate_arrays(np.ones((4, 1)), policy(CenteredClippingRule(0.25, 1), 1))
    assert [verdict.weight for verdict in record.verdicts] == pytest.approx([0.25 / 4] * 4)


def test_steps_before_it_leave_the_centre_alone() -> None:
    x, centre = normal(6, 3, spread=10), np.array([5.0, -5, 1])
    clipped = x * np.minimum(1, 3 / np.linalg.norm(x, axis=1))[:, None]
    found = vector(x, CenteredClippingRule(), 1, StaticClipping(3.0), center=centre)
    np.testing.assert_allclose(found, oracles.centred_clipping(clipped, centre, None, 3), rtol=1e-9)
