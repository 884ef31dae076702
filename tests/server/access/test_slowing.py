"""What guessing costs, and whom it does not cost anything."""

import pytest
from grpc import StatusCode

from mfn_server.access import slowing
from mfn_server.access.slowing import FORGOTTEN_AFTER_S, FREE_FAILURES, PLACES_PER_PEER, Slowing
from mfn_server.errors import Fault


class Clock:
    """Time that passes when a test says so; `slept` holds the delays that were asked for."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Note it; the guesser does not wait."""
        self.slept.append(seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slow(clock: Clock) -> Slowing:
    return Slowing(lambda: clock.now, clock.sleep)


def is_refused_unseen(slow: Slowing, address: str, credential: str = "guess") -> float:
    """Seconds to wait; 0 when the credential is looked at."""
    try:
        slow.refuse_unseen(address, credential)
    except Fault as fault:
        return fault.retry_after_s or -1.0
    return 0.0


async def test_the_first_failures_cost_nothing_and_then_each_twice_the_last_up_to_five_seconds(
    slow: Slowing, clock: Clock
) -> None:
    for _ in range(FREE_FAILURES + 9):
        await slow.failed("10.0.0.7")
    assert clock.slept == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0])


async def test_a_peer_that_does_not_wait_has_no_more_guesses_looked_at_until_a_place_is_free(
    slow: Slowing, clock: Clock
) -> None:
    for _ in range(FREE_FAILURES + PLACES_PER_PEER):
        assert not is_refused_unseen(slow, "10.0.0.7")
        await slow.failed("10.0.0.7")
    assert is_refused_unseen(slow, "10.0.0.7") == pytest.approx(0.1)
    with pytest.raises(Fault) as caught:
        slow.refuse_flood("10.0.0.7")
    assert caught.value.status_code is StatusCode.RESOURCE_EXHAUSTED
    clock.now = 0.11
    assert not is_refused_unseen(slow, "10.0.0.7")


async def test_guesses_that_are_looked_at_stay_few_however_fast_they_come(slow: Slowing, clock: Clock) -> None:
    seen = 0
    for tick in range(6000):  # a minute, a guess each 10 ms
        clock.now = tick / 100
        if not is_refused_unseen(slow, "10.0.0.7"):
            seen += 1
            await slow.failed("10.0.0.7")
    assert seen <= FREE_FAILURES + 7 + PLACES_PER_PEER * 60 / 5


async def test_others_and_known_credentials_of_the_same_address_are_looked_at_all_the_while(slow: Slowing) -> None:
    slow.succeeded("right")
    for _ in range(FREE_FAILURES + PLACES_PER_PEER):
        await slow.failed("10.0.0.7")
    assert is_refused_unseen(slow, "10.0.0.7")
    assert not is_refused_unseen(slow, "10.0.0.7", "right")
    assert not is_refused_unseen(slow, "10.0.0.8")


async def test_addresses_of_one_ipv6_network_are_one_guesser(slow: Slowing) -> None:
    for number in range(FREE_FAILURES + PLACES_PER_PEER):
        await slow.failed(f"2001:db8::{number:x}")
    assert is_refused_unseen(slow, "2001:db8::ffff:1")
    assert not is_refused_unseen(slow, "2001:db8:0:1::1")
    assert not is_refused_unseen(slow, "unix:")


async def test_when_all_places_are_taken_only_those_who_failed_often_are_refused_unseen(
    slow: Slowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slowing, "PLACES", 2)
    for address in ("10.0.0.1", "10.0.0.2", "10.0.0.3"):
        for _ in range(FREE_FAILURES + 1):
            await slow.failed(address)
    assert is_refused_unseen(slow, "10.0.0.3")
    await slow.failed("10.0.0.9")
    assert not is_refused_unseen(slow, "10.0.0.9")
    assert not is_refused_unseen(slow, "10.0.0.10")


async def test_places_are_given_back_by_those_who_fail_too(slow: Slowing, clock: Clock) -> None:
    for tick in range(1000):
        clock.now = tick * 10.0
        await slow.failed("10.0.0.7")
    assert len(slow._releases) == 1
    assert [len(peer.releases) for peer in slow._peers.values()] == [1]


async def test_a_credential_stays_known_for_as_long_as_it_is_used(
    slow: Slowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slowing, "MAX_KNOWN", 2)
    for credential in ("in use", "old", "in use", "new"):
        slow.succeeded(credential)
    assert list(slow._known) == [hash("in use"), hash("new")]


async def test_failures_are_forgotten(slow: Slowing, clock: Clock) -> None:
    for _ in range(FREE_FAILURES + 1):
        await slow.failed("10.0.0.7")
    clock.now += FORGOTTEN_AFTER_S + 1
    await slow.failed("10.0.0.7")
    assert clock.slept == pytest.approx([0.1])


async def test_what_is_remembered_stays_bounded_however_many_come(
    slow: Slowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slowing, "MAX_PEERS", 8)
    monkeypatch.setattr(slowing, "MAX_KNOWN", 8)
    for number in range(100):
        await slow.failed(f"10.0.0.{number}")
        slow.succeeded(f"key {number}")
    assert list(slow._peers) == [f"10.0.0.{number}" for number in range(92, 100)]
    assert list(slow._known) == [hash(f"key {number}") for number in range(92, 100)]
