"""What the attacks send where it can be worked out by hand."""

import numpy as np
import pytest

from mfn_grpc.core.attacks import (
    ALittleIsEnough,
    Attack,
    ColludingCopies,
    InnerProductManipulation,
    Mimic,
    Scaled,
    SignFlip,
)
from tests.core.attacks.cases import X


@pytest.mark.parametrize(
    ("attack", "sent"),
    [
        (SignFlip(), [-4.0, -5.0, -6.0]),
        (InnerProductManipulation(2.0), [-8.0, -10.0, -12.0]),
        (ALittleIsEnough(1.5), [8.5, 9.5, 10.5]),
        (ALittleIsEnough(-1.5), [-0.5, 0.5, 1.5]),
    ],
)
@pytest.mark.parametrize("count", [1, 2])
def test_all_attackers_send_the_known_answer(attack: Attack, sent: list[float], count: int) -> None:
    # Small whole numbers and their halves: exact.
    assert np.array_equal(attack(X, count), [sent] * count)


def test_boosted_reversed_updates_are_taken_in_turn() -> None:
    assert np.array_equal(Scaled(-2.0)(X, 4), -2 * X[[0, 1, 2, 0]])


def test_copies_stand_as_far_from_the_mean_as_the_honest_against_it() -> None:
    honest = [[3.0, 1.0], [3.0, -1.0], [3.0, 2.0], [3.0, -2.0], [3.0, 0.0]]
    # Mean [3, 0], distances 1, 1, 2, 2, 0: the median is 1.
    assert ColludingCopies(1.0)(honest, 2) == pytest.approx(np.array([[2.0, 0.0]] * 2), abs=1e-15)
    assert ColludingCopies(5.0)(honest, 1) == pytest.approx(np.array([[-2.0, 0.0]]), abs=1e-15)


def test_copies_of_a_mean_without_direction_are_the_mean() -> None:
    assert np.array_equal(ColludingCopies()([[1.0, 1.0], [-1.0, -1.0]], 2), np.zeros((2, 2)))


def test_the_mimicked_client_is_the_one_that_sticks_out_most() -> None:
    honest = np.array([[0.0, 1.0], [0.0, -1.0], [0.5, 0.0], [9.0, 0.0]])
    assert np.array_equal(Mimic()(honest, 3), [honest[3]] * 3)


def test_the_only_honest_client_is_mimicked_and_has_no_spread() -> None:
    assert np.array_equal(Mimic()([[2.0, 3.0]], 1), [[2.0, 3.0]])
    assert np.array_equal(ALittleIsEnough(7.0)([[2.0, 3.0]], 1), [[2.0, 3.0]])
