from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.attacks import (
    ATTACKS,
    Attack,
    InnerProductManipulation,
    NotFiniteValue,
    OptimisedInnerProduct,
    SignFlip,
    Situation,
)
from mfn_grpc.core.limits import InvalidInput
from tests.core.attacks.cases import X

KNOWN = Situation(3, lambda updates: updates.mean(axis=0))
ON_UPDATES = {name: kind for name, kind in ATTACKS.items() if issubclass(kind, Attack)}


@pytest.mark.parametrize("kind", ON_UPDATES.values(), ids=ON_UPDATES)
def test_every_attack_sends_one_update_an_attacker_and_leaves_the_honest_ones_alone(kind: type[Attack]) -> None:
    honest = np.random.default_rng(1).normal(size=(5, 4))
    before = honest.copy()
    sent = kind()(honest.astype(np.float32), 2, KNOWN)
    assert sent.shape == (2, 4)
    assert sent.dtype == np.float64
    kind()(honest, 2, KNOWN)
    assert np.array_equal(honest, before)


@pytest.mark.parametrize("kind", ON_UPDATES.values(), ids=ON_UPDATES)
def test_equal_situations_give_equal_attacks(kind: type[Attack]) -> None:
    assert np.array_equal(kind()(X, 2, KNOWN), kind()(X, 2, KNOWN), equal_nan=True)


@pytest.mark.parametrize("honest", [np.zeros((0, 3)), np.zeros((3, 0)), np.zeros(3), np.zeros((1, 2, 3))])
def test_honest_updates_of_another_shape_are_refused(honest: Any) -> None:
    with pytest.raises(InvalidInput, match="must be \\[updates, elements\\]"):
        SignFlip()(honest, 1)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_honest_updates_that_are_not_finite_are_refused(value: float) -> None:
    with pytest.raises(InvalidInput, match="finite numbers only"):
        SignFlip()([[1.0, value]], 1)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ON_UPDATES.values(), ids=ON_UPDATES)
def test_updates_whose_squares_overflow_are_refused_and_all_others_attacked(kind: type[Attack]) -> None:
    spoilt = kind is NotFiniteValue
    largest = np.random.default_rng(1).uniform(-1, 1, (5, 4)) * 5e149
    assert spoilt or np.isfinite(kind()(largest, 2, KNOWN)).all()
    with pytest.raises(InvalidInput, match=r"holds an update of norm .*, must be at most 1e\+150"):
        kind()(largest * 1e51, 2, KNOWN)
    with pytest.raises(InvalidInput, match="holds an update of norm"):
        kind()(np.full((5, 4), 1.5e308), 2, KNOWN)


def test_every_fault_is_named_at_once() -> None:
    half: Any = 1.5
    with pytest.raises(InvalidInput) as refused:
        InnerProductManipulation(-1.0)(np.zeros(3), half)
    assert [fault.field for fault in refused.value.violations] == ["epsilon", "honest", "count"]


@pytest.mark.parametrize("count", [0, -1, 5000])
def test_a_number_of_attackers_out_of_range_is_refused(count: int) -> None:
    with pytest.raises(InvalidInput, match="attackers"):
        SignFlip()(X, count)


def test_an_attack_on_a_rule_needs_to_know_it() -> None:
    with pytest.raises(InvalidInput, match="must be the rule that the attack is made for"):
        OptimisedInnerProduct()(X, 1)
