"""Waiting times after failures."""

import pytest

from mfn_client._resume import LONGEST_DELAY_S, Backoff
from tests.client.fakes import Clock


def backoff(clock: Clock, budget_s: float = 60.0, jitter: float = 1.0) -> Backoff:
    return Backoff(budget_s, clock, lambda: jitter)


def test_delays_double_up_to_the_longest() -> None:
    policy = backoff(Clock())
    waits = [policy.delay(None) for _ in range(8)]
    assert waits[:4] == pytest.approx([0.1, 0.2, 0.4, 0.8])
    assert waits[-1] == LONGEST_DELAY_S


def test_jitter_takes_up_to_half_of_a_delay_away() -> None:
    assert backoff(Clock(), jitter=0.0).delay(None) == pytest.approx(0.05)
    assert backoff(Clock(), jitter=0.5).delay(None) == pytest.approx(0.075)


def test_the_server_may_ask_for_a_longer_wait() -> None:
    assert backoff(Clock()).delay(7.0) == 7.0


def test_the_budget_counts_from_the_first_failure() -> None:
    clock = Clock()
    policy = backoff(clock, budget_s=10.0)
    clock.now += 1000
    assert policy.delay(None) is not None
    clock.now += 9
    assert policy.delay(None) is not None
    clock.now += 0.9
    assert policy.delay(None) is None


def test_progress_restores_the_budget_and_the_short_delays() -> None:
    clock = Clock()
    policy = backoff(clock, budget_s=10.0)
    for _ in range(3):
        policy.delay(None)
    clock.now += 9.9
    policy.progress()
    assert policy.delay(None) == pytest.approx(0.1)


def test_without_a_budget_nothing_is_tried_again() -> None:
    assert backoff(Clock(), budget_s=0.0).delay(None) is None
