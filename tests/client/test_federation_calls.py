"""What the client's methods about federations send, and what they make of the answers, on both faces."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from mfn_client import AggregationPolicy, AsyncClient, Client, FederationPolicy, InvalidArgument, Unavailable
from mfn_client._decoding import as_plain
from mfn_client._messages import json_ready
from mfn_grpc.v1 import federation_pb2 as pb
from tests.client.faces import Face
from tests.client.federations import NAME, Wishes, came, event, federations


@pytest.fixture
def wishes() -> Wishes:
    return Wishes()


@pytest.fixture(params=[Client, AsyncClient], ids=["sync", "asyncio"])
def call(request: pytest.FixtureRequest, wishes: Wishes) -> Iterator[Face]:
    with federations(wishes) as target:
        yield Face(request.param, target)


def test_a_federation_is_created_with_its_policy_and_told_as_it_stands(call: Face, wishes: Wishes) -> None:
    policy = FederationPolicy(aggregation=AggregationPolicy(rule="krum", f=1), max_rounds=5)
    found = call("create_federation", "digits", policy, title="Digits")
    (request,) = wishes.requests
    assert (request.federation_id, request.title, request.policy.max_rounds) == ("digits", "Digits", 5)
    assert request.policy.aggregation.HasField("krum")
    assert (found.name, found.state, found.finish_reason) == (NAME, "running", "unspecified")
    assert found.create_time == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert (found.finish_time, found.best_model, found.best_score) == (None, None, None)
    assert found.policy["config"] == {"rate": 0.5}
    assert [(t.name, t.element_type, t.shape) for t in found.manifest.tensors] == [
        ("w", "float32", (200_000,)),
        ("b", "float64", (3,)),
    ]
    assert json_ready(as_plain(found))["create_time"] == "2023-11-14T22:13:20+00:00"


@pytest.mark.parametrize(("method", "arguments"), [
    ("create_federation", ("digits",)),
    ("enrol_participant", ("digits", "alice", b"k" * 32)),
])  # fmt: skip
def test_a_creating_call_that_was_lost_is_repeated_under_the_same_id(
    call: Face, wishes: Wishes, method: str, arguments: tuple[Any, ...]
) -> None:
    wishes.unavailable = 2
    call(method, *arguments)
    call(method, *arguments)
    ids = [request.request_id for request in wishes.requests]
    assert len(ids) == 4
    assert ids[0] == ids[1] == ids[2] != ids[3]


def test_a_call_that_stays_lost_is_given_up_after_four_attempts(call: Face, wishes: Wishes) -> None:
    wishes.unavailable = 9
    with pytest.raises(Unavailable, match="lost"):
        call("get_federation", "digits")
    assert len(wishes.requests) == 4


def test_a_server_that_names_the_owner_is_not_asked_again(call: Face, wishes: Wishes) -> None:
    wishes.owner = "there:2"
    with pytest.raises(Unavailable, match=r"connect to there:2 \(NOT_OWNER\)"):
        call("get_federation", "digits")
    assert len(wishes.requests) == 1


def test_a_deletion_that_was_lost_is_not_repeated(call: Face, wishes: Wishes) -> None:
    wishes.unavailable = 1
    with pytest.raises(Unavailable):
        call("delete_federation", "digits")
    assert len(wishes.requests) == 1


@pytest.mark.parametrize("federation", ["digits", NAME])
def test_names_may_be_short_or_whole(call: Face, wishes: Wishes, federation: str) -> None:
    for method in ("get_federation", "pause_federation", "resume_federation"):
        assert call(method, federation).name == NAME
    call("delete_federation", federation, uid="u")
    call("remove_participant", federation, "alice", uid="u")
    call("remove_participant", federation, f"{NAME}/participants/alice")
    *plain, deletion, removal, whole = wishes.requests
    assert {request.name for request in plain} == {NAME}
    assert (deletion.name, deletion.uid) == (NAME, "u")
    assert (removal.name, removal.uid) == (f"{NAME}/participants/alice", "u")
    assert whole.name == removal.name


def test_a_participant_is_enrolled(call: Face, wishes: Wishes) -> None:
    found = call("enrol_participant", "digits", "alice", b"k" * 32, title="Alice")
    assert (found.name, found.public_key, found.title) == (f"{NAME}/participants/alice", b"k" * 32, "Alice")
    assert found.capabilities.can_evaluate
    with pytest.raises(InvalidArgument, match="public_key: is 'key', must be bytes"):
        call("enrol_participant", "digits", "alice", "key")


def test_lists_go_through_all_pages(call: Face, wishes: Wishes) -> None:
    assert [each.name for each in call("list_federations", "running")] == [f"federations/f{n}" for n in range(5)]
    assert [request.page_token for request in wishes.requests] == ["", "2", "4"]
    assert {request.state for request in wishes.requests} == {pb.FEDERATION_STATE_RUNNING}
    assert [each.name for each in call("list_participants", "digits")] == ["p0", "p1", "p2", "p3"]
    assert [(each.round, each.metrics) for each in call("list_rounds", "digits")] == [
        (3, {"loss": 0.5}),
        (2, {"loss": 0.5}),
        (1, {"loss": 0.5}),
    ]


def test_verdicts_are_asked_for_by_round_participant_and_kind(call: Face, wishes: Wishes) -> None:
    assert call("list_verdicts", "digits", round=3, participant="alice", kind="screened") == []
    (request,) = wishes.requests
    assert (request.parent, request.round, request.participant, request.kind) == (
        NAME, 3, f"{NAME}/participants/alice", pb.VERDICT_KIND_SCREENED,
    )  # fmt: skip
    with pytest.raises(InvalidArgument, match="must be one of accepted, rejected"):
        call("list_verdicts", "digits", kind="bad")


def test_events_come_with_what_they_are_about(call: Face) -> None:
    events = call("watch_federation", "digits", after_sequence=4)
    assert [(each.sequence, each.kind, each.event.round) for each in events] == [
        (5, "round_started", 5),
        (6, "round_started", 6),
    ]
    assert events[0].event_time == datetime(2023, 11, 14, 22, 13, 25, tzinfo=UTC)


def test_watching_goes_on_behind_the_last_event_after_a_break(call: Face, wishes: Wishes) -> None:
    wishes.cut_after = [2, 3]
    wishes.events.insert(2, came(2))
    events = call("watch_federation", "digits", after_sequence=0)
    assert [each.sequence for each in events if each.kind == "round_started"] == [1, 2, 3, 4, 5, 6]
    asked = [request.after_sequence for request in wishes.requests]
    assert asked == [0, 2, 5]


def test_an_event_that_this_version_does_not_know_is_skipped(call: Face, wishes: Wishes) -> None:
    wishes.events[1].ClearField("round_started")
    events = call("watch_federation", "digits", after_sequence=0)
    assert [each.sequence for each in events] == [1, 3, 4, 5, 6]


def test_an_event_out_of_order_is_not_trusted(call: Face, wishes: Wishes) -> None:
    wishes.events[3] = event(2)
    with pytest.raises(Exception, match="Event 2 came after event 3"):
        call("watch_federation", "digits", after_sequence=0)


def test_a_server_that_was_never_there_is_told_at_once(wishes: Wishes) -> None:
    wishes.cut_after = [0]
    with federations(wishes) as target, Client(target) as client, pytest.raises(Unavailable):
        list(client.watch_federation("digits"))
