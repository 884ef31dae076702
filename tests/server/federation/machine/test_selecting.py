from collections import Counter
from itertools import combinations
from math import sqrt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_server.federation.machine.policy import RoundPolicy
from mfn_server.federation.machine.selecting import Purpose, draw, selection_size, target_of

names = st.sets(st.text(min_size=1, max_size=5), max_size=12)


@given(names, st.integers(0, 15), st.integers(0, 2**63 - 1), st.integers(1, 10**6), st.randoms())
def test_a_draw_depends_on_nothing_but_seed_round_and_names(
    names: set[str], count: int, seed: int, number: int, shuffler: Random
) -> None:
    shuffled = sorted(names)
    shuffler.shuffle(shuffled)
    drawn = draw(shuffled, count, seed, number, Purpose.TRAINING)
    assert drawn == draw(sorted(names), count, seed, number, Purpose.TRAINING)
    assert list(drawn) == sorted(set(drawn))
    assert set(drawn) <= names
    assert len(drawn) == min(count, len(names))


def test_every_pair_is_drawn_equally_often_over_rounds() -> None:
    rounds = 6000
    drawn = Counter(draw("abcd", 2, 3, number, Purpose.TRAINING) for number in range(rounds))
    share = rounds / 6
    # Five standard deviations of a binomial count: a fair draw leaves them once in a million seeds.
    assert set(drawn) == set(combinations("abcd", 2))
    assert all(abs(count - share) < 5 * sqrt(share * 5 / 6) for count in drawn.values())


def test_seeds_and_purposes_draw_independently() -> None:
    def draws(seed: int, purpose: Purpose) -> list[tuple[str, ...]]:
        return [draw("abcdefgh", 4, seed, number, purpose) for number in range(50)]

    assert draws(1, Purpose.TRAINING) != draws(2, Purpose.TRAINING)
    assert draws(1, Purpose.TRAINING) != draws(1, Purpose.EVALUATION)


def test_who_comes_or_goes_changes_a_draw_by_one_name_at_most() -> None:
    before = set(draw("abcdefgh", 4, 0, 1, Purpose.TRAINING))
    after = set(draw("abcdefghi", 4, 0, 1, Purpose.TRAINING))
    assert len(before & after) >= 3


@pytest.mark.parametrize(
    ("target", "over", "connected", "size"),
    [
        (None, 0.0, 7, 7),
        (None, 1.0, 7, 7),
        (4, 0.0, 7, 4),
        (4, 0.25, 7, 5),
        (4, 0.3, 7, 6),
        (4, 1.0, 7, 7),
        (9, 0.5, 7, 7),
    ],
)
def test_the_target_and_its_share_beyond_are_selected(
    target: int | None, over: float, connected: int, size: int
) -> None:
    policy = RoundPolicy(target_participants=target, over_selection=over)
    assert selection_size(policy, connected) == size
    assert target_of(policy, connected) == (connected if target is None else min(target, connected))


def test_the_share_beyond_the_target_is_rounded_up_in_exact_decimals() -> None:
    # In binary 0.07 * 100 is 7.000000000000001, which rounds up to 8.
    assert selection_size(RoundPolicy(target_participants=100, over_selection=0.07), 1000) == 107
