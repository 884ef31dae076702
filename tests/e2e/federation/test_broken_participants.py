"""Participants are killed, stopped and cut off, in processes of their own: the models are what they would have been."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mfn_client import AggregationPolicy, Client, ParticipantEvent
from tests.e2e.federation.hands import Hand
from tests.e2e.federation.ledger import last_model, require_agreement
from tests.e2e.federation.nursery import ForkedServer, Nursery
from tests.e2e.federation.proxy import proxied
from tests.e2e.federation.training import Plan

ROUNDS = 3
PLAN = Plan("hands", ("ada", "bob", "cid"), 500_000, {"aggregation": AggregationPolicy(rule="mean", f=0)})
"""2 MB an update: more than a connection holds, so that an upload can be caught half-way."""
UPDATE_BYTES = 4 * PLAN.elements


@pytest.fixture(scope="module")
def server(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkedServer]:
    found = nursery.start(state_dir=tmp_path_factory.mktemp("state"))
    assert found.listening(), found.log
    yield found
    found.kill()
    assert "Traceback" not in found.log, found.log


@dataclass
class Stage:
    """A federation on a server, and whoever takes part in it; all are gone with the test."""

    server: ForkedServer
    folder: Path
    client: Client
    plan: Plan
    stack: ExitStack

    def hand(self, name: str, target: str | None = None, **more: Any) -> Hand:
        """A participant's process."""
        hand = Hand(target or self.server.target, self.plan.name, name, self.folder, **more)
        self.stack.callback(hand.kill)
        return hand

    def others(self) -> list[Hand]:
        """All participants but the first."""
        return [self.hand(name) for name in self.plan.participants[1:]]

    def begin(self) -> None:
        """Upload the model: the first round starts once everyone is there."""
        self.client.upload_model(self.plan.name, self.plan.first_model())

    def end(self, *hands: Hand) -> bytes:
        """What came of it, with both sides' records in agreement."""
        for hand in hands:
            hand.await_line("over max_rounds")
        records = {name: self.folder / f"{name}.acks" for name in self.plan.participants}
        require_agreement(self.client, self.plan.name, records, ROUNDS)
        return last_model(self.client, self.plan.name)


Staging = Callable[..., Stage]


@pytest.fixture
def staging(server: ForkedServer, tmp_path: Path) -> Iterator[Staging]:
    """`staging("name")` is a federation of this name, without a model yet."""
    with ExitStack() as stack:
        client = stack.enter_context(closing(Client(server.target)))

        def stage(name: str, **policy: Any) -> Stage:
            folder = tmp_path / name
            folder.mkdir()
            plan = replace(PLAN, name=name, policy={**PLAN.policy, **policy})
            plan.found(client, folder, ROUNDS)
            return Stage(server, folder, client, plan, stack)

        yield stage


@pytest.fixture(scope="module")
def expected(server: ForkedServer, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What a federation of PLAN comes to undisturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with ExitStack() as stack, Client(server.target) as client:
        PLAN.found(client, folder, ROUNDS)
        stage = Stage(server, folder, client, PLAN, stack)
        hands = [stage.hand(name) for name in PLAN.participants]
        stage.begin()
        return stage.end(*hands)


def test_one_killed_while_it_trains_starts_again_and_its_update_counts_once(staging: Staging, expected: bytes) -> None:
    stage = staging("in-fit")
    victim, others = stage.hand("ada", hold=[2]), stage.others()
    stage.begin()
    victim.await_line("fit 2")
    victim.kill()
    again = stage.hand("ada")
    assert stage.end(again, *others) == expected
    assert "fit 1" not in again.lines


def test_one_killed_half_way_through_its_upload_goes_on_where_it_was(staging: Staging, expected: bytes) -> None:
    stage = staging("upload")
    with proxied(stage.server.port) as proxy:
        victim, others = stage.hand("ada", proxy.target, hold=[2]), stage.others()
        stage.begin()
        victim.await_line("fit 2")
        proxy.hold_after(UPDATE_BYTES * 3 // 4)
        victim.go_on()
        assert proxy.held.wait(60)
        victim.kill()
        proxy.cut()
        proxy.release()
        carried = proxy.carried
        again = stage.hand("ada", proxy.target, hold=[3])
        again.await_line("fit 3")
        assert proxy.carried - carried < UPDATE_BYTES * 3 // 4
        again.go_on()
        assert stage.end(again, *others) == expected


def test_one_stopped_half_way_through_its_upload_loses_its_session_and_goes_on_once_it_runs_again(
    staging: Staging, expected: bytes
) -> None:
    stage = staging("stopped", heartbeat_seconds=1.0)
    with proxied(stage.server.port) as proxy:
        victim, others = stage.hand("ada", proxy.target, hold=[2]), stage.others()
        stage.begin()
        victim.await_line("fit 2")
        proxy.hold_after(UPDATE_BYTES // 2)
        events = stage.client.watch_federation("stopped", after_sequence=0)
        victim.go_on()
        assert proxy.held.wait(60)
        victim.signal(signal.SIGSTOP)
        proxy.release()
        changes = (each.event for each in events if isinstance(each.event, ParticipantEvent))
        gone = next(change for change in changes if change.change == "disconnected")
        assert gone.participant is not None
        assert gone.participant.name.endswith("/ada")
        victim.signal(signal.SIGCONT)
        assert stage.end(victim, *others) == expected
        events.close()


def test_one_whose_connections_are_cut_before_any_carries_a_whole_update_still_delivers_each(
    staging: Staging, expected: bytes
) -> None:
    stage = staging("cuts")
    with proxied(stage.server.port, lambda: UPDATE_BYTES * 2 // 5 + 12_345) as proxy:
        hands = [stage.hand("ada", proxy.target), *stage.others()]
        stage.begin()
        assert stage.end(*hands) == expected
        assert proxy.cuts >= 2 * ROUNDS


def test_a_round_with_over_selection_ends_without_those_killed_and_stopped(staging: Staging) -> None:
    stage = staging("without", max_rounds=1, min_participants=1, target_participants=2, over_selection=0.5)
    dead, *_ = hands = [stage.hand(name, hold=[1] if name == "ada" else []) for name in stage.plan.participants]
    connected(stage, len(hands))
    stage.begin()
    dead.await_line("fit 1")
    dead.kill()
    for hand in hands[1:]:
        hand.await_line("over max_rounds")
    verdicts = {each.participant.rsplit("/", 1)[1]: each for each in stage.client.list_verdicts("without", round=1)}
    assert {name: each.kind for name, each in verdicts.items()} == {
        "ada": "missing",
        "bob": "accepted",
        "cid": "accepted",
    }
    assert verdicts["ada"].reason in {"silent", "disconnected"}


def test_a_round_whose_participants_stop_ends_at_its_deadline_with_a_quorum(staging: Staging) -> None:
    stage = staging("quorum", max_rounds=1, min_participants=2, target_participants=3, round_deadline_seconds=4.0)
    stopped, *others = [stage.hand(name, hold=[1] if name == "ada" else []) for name in stage.plan.participants]
    connected(stage, 3)
    stage.begin()
    stopped.await_line("fit 1")
    stopped.signal(signal.SIGSTOP)
    for hand in others:
        hand.await_line("over max_rounds")
    first = next(each for each in stage.client.list_rounds("quorum") if each.round == 1)
    assert (first.state, first.selected, first.counted) == ("done", 3, 2)
    (verdict,) = stage.client.list_verdicts("quorum", round=1, kind="missing")
    assert verdict.participant.endswith("/ada")


def connected(stage: Stage, count: int) -> None:
    """Until so many have joined."""
    seen = set[str]()
    with stage.client.watch_federation(stage.plan.name, after_sequence=0) as events:
        seen |= {each.name for each in stage.client.list_participants(stage.plan.name) if each.connected}
        while len(seen) < count:
            event = next(events).event
            if isinstance(event, ParticipantEvent) and event.change == "connected" and event.participant is not None:
                seen.add(event.participant.name)
