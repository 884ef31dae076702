"""Waiting times after failures."""

import grpc
import pytest

from mfn_client import Overloaded, RpcError, Unavailable
from mfn_client._exceptions import build
from mfn_client._resume import LONGEST_DELAY_S, Backoff, UnaryAttempts
from tests.client.fakes import Clock, retry_info, status_bytes


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


def busy(*seconds: int) -> RpcError:
    """What a busy server says, perhaps with the seconds after which it would like to be asked again."""
    details = status_bytes("OVERLOADED", *map(retry_info, seconds))
    return build(grpc.StatusCode.RESOURCE_EXHAUSTED, "busy", details)


def attempts(clock: Clock, seconds: float = 10.0) -> UnaryAttempts:
    return UnaryAttempts(seconds, clock, lambda: 1.0)


def test_attempts_wait_as_long_as_a_busy_server_asks_or_longer_each_time() -> None:
    call = attempts(Clock())
    assert call.delay(busy(3)) == 3.0
    assert call.delay(busy(0)) == pytest.approx(0.2)


def test_attempts_share_the_seconds_of_the_call() -> None:
    clock = Clock()
    call = attempts(clock)
    assert call.seconds_left() == 10.0
    clock.now += 8
    assert call.seconds_left() == 2.0
    assert call.delay(busy(0)) == pytest.approx(0.1)


@pytest.mark.parametrize("spent", [7.5, 10.0, 11.0])
def test_no_attempt_is_waited_for_that_would_come_too_late(spent: float) -> None:
    clock = Clock()
    call = attempts(clock)
    clock.now += spent
    with pytest.raises(Overloaded, match="busy"):
        call.delay(busy(3))


def test_a_request_that_is_too_large_for_the_server_is_not_tried_again() -> None:
    with pytest.raises(Overloaded, match="busy"):
        attempts(Clock()).delay(busy())


def test_other_errors_than_busy_are_not_tried_again() -> None:
    with pytest.raises(Unavailable, match="away"):
        attempts(Clock()).delay(build(grpc.StatusCode.UNAVAILABLE, "away", b""))
