from collections.abc import Callable

import numpy as np
import pytest

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.attacks import OptimisedALittleIsEnough, OptimisedInnerProduct, Situation

HONEST = np.random.default_rng(2).normal(loc=[1.0, 2.0, -1.0], size=(9, 3))


def median(updates: Array) -> Array:
    return np.asarray(np.median(updates, axis=0))


def trimmed(updates: Array) -> Array:
    return np.asarray(np.sort(updates, axis=0)[2:-2].mean(axis=0))


def damage(sent: Array, rule: Callable[[Array], Array]) -> float:
    return float(np.linalg.norm(rule(np.concatenate([sent, HONEST])) - HONEST.mean(axis=0)))


Kind = type[OptimisedALittleIsEnough] | type[OptimisedInnerProduct]
DIRECTIONS: dict[Kind, tuple[Array, Array]] = {
    OptimisedALittleIsEnough: (HONEST.mean(axis=0), HONEST.std(axis=0, ddof=1)),
    OptimisedInnerProduct: (np.zeros(3), -HONEST.mean(axis=0)),
}


@pytest.mark.parametrize("rule", [median, trimmed])
@pytest.mark.parametrize("kind", DIRECTIONS)
def test_no_factor_of_a_fine_grid_does_noticeably_more_damage(kind: Kind, rule: Callable[[Array], Array]) -> None:
    base, direction = DIRECTIONS[kind]
    fine = [damage(np.repeat([base + z * direction], 2, axis=0), rule) for z in np.linspace(-20, 20, 4001)]
    found = damage(kind()(HONEST, 2, Situation(0, rule)), rule)
    # The search ends within 2 % of a peak's place.
    assert found > 0.97 * max(fine)


@pytest.mark.parametrize("kind", DIRECTIONS)
def test_all_attackers_send_one_update_along_the_attacks_direction(kind: Kind) -> None:
    base, direction = DIRECTIONS[kind]
    sent = kind()(HONEST, 3, Situation(0, median))
    assert np.array_equal(sent, sent[[0, 0, 0]])
    factors = (sent[0] - base) / direction
    # One factor for all elements, up to roundoff.
    assert factors == pytest.approx(factors[0], rel=1e-12)


def test_against_the_mean_the_largest_factor_is_taken() -> None:
    sent = OptimisedInnerProduct(largest=5.0)(HONEST, 2, Situation(0, lambda updates: updates.mean(axis=0)))
    # The distance is |(-factor - 1) mean| 2 / 11: positive factors do more.
    assert sent == pytest.approx(np.array([-5.0 * HONEST.mean(axis=0)] * 2), rel=1e-12)
