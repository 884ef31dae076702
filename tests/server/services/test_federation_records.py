"""Rounds, verdicts and events of a federation: kept, listed in pages, and passed on as they happen."""

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.admission import LONGEST_RETRY_S
from mfn_server.federation.live.live import Live
from mfn_server.federation.machine.events import Connected, RoundDeadline
from tests.server.calling import PATIENCE_S, refused, rest_of
from tests.server.conftest import Running, Start
from tests.server.gates import eventually
from tests.server.services.federations import NAME, Sent, created, downloaded, enrolled, new_key, stub, uploaded

PEOPLE = [f"{NAME}/participants/{each}" for each in ("ada", "bob", "cyd")]
INVALID = grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"
MISSING = grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND"
LAST = 5
"""Rounds are skipped, for nobody sends an update; after so many the federation is over."""


def pair(refusal: Any) -> tuple[grpc.StatusCode, str]:
    return refusal.code, refusal.reason


async def running(start: Start, **settings: Any) -> tuple[Running, Live]:
    """A federation whose three participants are connected, as far as its machine knows, in round 1."""
    server = await start(**settings)
    await created(server, policy=pb.FederationPolicy(min_participants=3, max_skipped_rounds=LAST))
    for name in PEOPLE:
        await enrolled(server, name.rpartition("/")[2])
    await uploaded(server, Sent())
    coordinator = server.application.coordinator
    assert coordinator is not None
    live = await coordinator.find("digits")
    for name in PEOPLE:
        await live.submit(Connected(name, f"session of {name}", False, at=1.0))
    return server, live


async def skip(live: Live, *rounds: int) -> None:
    for number in rounds:
        await live.submit(RoundDeadline(number, at=float(number)))


async def rounds_of(server: Running, **fields: Any) -> pb.ListRoundsResponse:
    answer: pb.ListRoundsResponse = await stub(server).ListRounds(pb.ListRoundsRequest(parent=NAME, **fields))
    return answer


async def verdicts_of(server: Running, **fields: Any) -> pb.ListVerdictsResponse:
    request = pb.ListVerdictsRequest(parent=NAME, **fields)
    answer: pb.ListVerdictsResponse = await stub(server).ListVerdicts(request)
    return answer


async def test_rounds_are_listed_newest_first_page_by_page(start: Start) -> None:
    server, live = await running(start)
    await skip(live, 1, 2, 3)
    first = await rounds_of(server, page_size=3)
    assert [each.round for each in first.rounds] == [4, 3, 2]
    second = await rounds_of(server, page_size=3, page_token=first.next_page_token)
    assert ([each.round for each in second.rounds], second.next_page_token) == ([1], "")


async def test_a_round_shows_what_became_of_it(start: Start) -> None:
    server, live = await running(start)
    await skip(live, 1)
    opened, skipped = (await rounds_of(server)).rounds
    assert (opened.state, opened.selected, opened.HasField("end_time")) == (pb.ROUND_STATE_COLLECTING, 3, False)
    assert (skipped.state, skipped.skip_reason) == (pb.ROUND_STATE_SKIPPED, pb.SKIP_REASON_QUORUM)
    assert skipped.federation == NAME
    assert (skipped.base_model.federation_uid, skipped.base_model.version) == (live.uid, 0)
    assert (skipped.start_time.seconds, skipped.end_time.seconds, skipped.HasField("model")) == (1, 1, False)


async def test_verdicts_are_listed_newest_round_first_then_by_participant(start: Start) -> None:
    server, live = await running(start)
    await skip(live, 1, 2, 3)
    expected = [(number, name) for number in (3, 2, 1) for name in PEOPLE]
    found, token = [], ""
    while True:
        page = await verdicts_of(server, page_size=2, page_token=token)
        found += [(each.round, each.participant) for each in page.verdicts]
        if not (token := page.next_page_token):
            break
    assert found == expected


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"round": 2}, 3),
        ({"round": 9}, 0),
        ({"participant": PEOPLE[1]}, 3),
        ({"participant": f"{NAME}/participants/removed"}, 0),
        ({"participant": PEOPLE[1], "round": 3}, 1),
        ({"kind": pb.VERDICT_KIND_MISSING}, 9),
        ({"kind": pb.VERDICT_KIND_ACCEPTED}, 0),
    ],
)
async def test_verdicts_can_be_narrowed(start: Start, fields: dict[str, Any], count: int) -> None:
    server, live = await running(start)
    await skip(live, 1, 2, 3)
    found = (await verdicts_of(server, **fields)).verdicts
    assert len(found) == count
    assert all(each.kind == pb.VERDICT_KIND_MISSING for each in found)
    for name, value in fields.items():
        assert all(getattr(each, name) == value for each in found)


async def test_a_token_fits_its_own_filters_only(start: Start) -> None:
    server, live = await running(start)
    await skip(live, 1, 2)
    token = (await verdicts_of(server, page_size=1)).next_page_token
    for fields in ({"round": 1}, {"kind": pb.VERDICT_KIND_MISSING}, {"participant": PEOPLE[0]}):
        request = pb.ListVerdictsRequest(parent=NAME, page_token=token, **fields)
        refusal = await refused(stub(server).ListVerdicts(request))
        assert pair(refusal) == (grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID")


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"parent": "digits"}, "parent"),
        ({"page_size": -1}, "page_size"),
        ({"round": 0}, "round"),
        ({"participant": "ada"}, "participant"),
        ({"participant": "federations/other/participants/ada"}, "participant"),
        ({"kind": 7}, "kind"),
    ],
)
async def test_a_request_for_verdicts_out_of_range_is_refused(start: Start, fields: dict[str, Any], path: str) -> None:
    request = pb.ListVerdictsRequest(**({"parent": NAME} | fields))
    refusal = await refused(stub(await start()).ListVerdicts(request))
    assert (pair(refusal), set(refusal.violations)) == (INVALID, {path})


async def test_rounds_that_a_participant_missed_are_counted(start: Start, tmp_path: Path) -> None:
    server, live = await running(start, state_dir=tmp_path)
    await skip(live, 1, 2)
    await server.lifecycle.drain()
    again = await start(state_dir=tmp_path)
    (first, *_) = (await stub(again).ListParticipants(pb.ListParticipantsRequest(parent=NAME))).participants
    assert (first.rounds_accepted, first.rounds_rejected, first.rounds_missed) == (0, 0, 2)
    assert not first.connected
    assert first.HasField("last_seen_time")


async def test_a_federation_that_is_over_takes_no_participants(start: Start) -> None:
    server, live = await running(start)
    await skip(live, *range(1, LAST + 1))
    federation = (await stub(server).GetFederation(pb.GetFederationRequest(name=NAME))).federation
    assert (federation.state, federation.finish_reason) == (
        pb.FEDERATION_STATE_FINISHED,
        pb.FINISH_REASON_SKIPPED_ROUNDS,
    )
    assert federation.HasField("finish_time")
    request = pb.EnrolParticipantRequest(parent=NAME, participant_id="dan", public_key=new_key())
    not_running = (grpc.StatusCode.FAILED_PRECONDITION, "FEDERATION_NOT_RUNNING")
    assert pair(await refused(stub(server).EnrolParticipant(request))) == not_running
    assert pair(await refused(stub(server).PauseFederation(pb.PauseFederationRequest(name=NAME)))) == not_running
    await stub(server).RemoveParticipant(pb.RemoveParticipantRequest(name=PEOPLE[0]))


def watching(server: Running, **fields: Any) -> Any:
    return stub(server).WatchFederation(pb.WatchFederationRequest(name=NAME, **fields))


def kind_of(message: pb.WatchFederationResponse) -> str:
    return str(message.WhichOneof("event"))


async def test_all_that_was_kept_is_told_again_in_order_and_ends_with_the_federation(start: Start) -> None:
    server, live = await running(start)
    await skip(live, *range(1, LAST + 1))
    events = await rest_of(watching(server, after_sequence=0))
    assert [each.sequence for each in events] == list(range(1, len(events) + 1))
    first, last = events[0].federation_changed, events[-1].federation_changed
    assert (first.state, last.state) == (pb.FEDERATION_STATE_AWAITING_MODEL, pb.FEDERATION_STATE_FINISHED)
    assert first.uid == last.uid == live.uid
    kinds = [kind_of(each) for each in events]
    assert kinds.count("round_started") == kinds.count("round_ended") == LAST
    assert kinds.count("verdict") == 3 * LAST
    assert kinds.count("participant_changed") == 3  # enrolled; connections are not kept
    assert await rest_of(watching(server, after_sequence=7)) == events[7:]


async def test_live_events_follow_those_that_were_kept(start: Start) -> None:
    server, live = await running(start)
    call = watching(server, after_sequence=0)
    seen = [await call.read()]
    await skip(live, *range(1, LAST + 1))
    seen += await rest_of(call)
    kept = [
        each.sequence for each in seen if kind_of(each) != "participant_changed" or each.participant_changed.change < 3
    ]
    assert kept == list(range(1, kept[-1] + 1))
    assert seen[-1].federation_changed.state == pb.FEDERATION_STATE_FINISHED


async def test_by_default_only_what_is_to_come_is_told_connections_too(start: Start) -> None:
    server, live = await running(start)
    call = watching(server)
    await eventually(lambda: bool(live.watchers._open))
    await live.submit(Connected(PEOPLE[0], "another session", True, at=2.0))
    await skip(live, 1)
    events = [await call.read() for _ in range(2)]
    changes = [each.participant_changed.change for each in events if kind_of(each) == "participant_changed"]
    assert pb.PARTICIPANT_CHANGE_CONNECTED in changes
    assert events[0].participant_changed.participant.name == PEOPLE[0]
    call.cancel()


async def test_a_watch_ends_after_the_deletion_was_told(start: Start) -> None:
    server, live = await running(start)
    call = watching(server)
    await eventually(lambda: bool(live.watchers._open))
    await stub(server).DeleteFederation(pb.DeleteFederationRequest(name=NAME))
    events = await rest_of(call)
    assert events[-1].federation_changed.finish_reason == pb.FINISH_REASON_DELETED
    assert call.done()


async def test_those_who_watch_have_a_limit_of_their_own_and_leave_transfers_their_room(start: Start) -> None:
    server, live = await running(start, max_streams=1, federation_max_watches=2)
    calls = [watching(server) for _ in range(2)]
    await eventually(lambda: len(live.watchers._open) == 2)
    refusal = await refused(watching(server))
    assert pair(refusal) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
    assert refusal.retry_s == LONGEST_RETRY_S
    assert live.state.model is not None
    await downloaded(server, live.messages.model_ref(live.state.model))
    calls[0].cancel()
    await eventually(lambda: len(live.watchers._open) == 1)
    again = watching(server)
    await eventually(lambda: len(live.watchers._open) == 2)
    for call in (calls[1], again):
        call.cancel()


async def test_a_watch_ends_when_the_server_shuts_down(start: Start) -> None:
    server, live = await running(start, drain_grace_s=20)
    call = watching(server)
    await eventually(lambda: bool(live.watchers._open))
    drain = asyncio.create_task(server.lifecycle.drain())
    async with asyncio.timeout(PATIENCE_S):
        refusal = await refused(call)
        await drain
    assert pair(refusal) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")


async def test_events_keep_their_sequence_across_a_restart(start: Start, tmp_path: Path) -> None:
    server, live = await running(start, state_dir=tmp_path)
    await skip(live, 1)
    before = live.watchers.sequence
    await server.lifecycle.drain()
    again = await start(state_dir=tmp_path)
    call = watching(again, after_sequence=before - 1)
    assert (await call.read()).sequence == before
    await stub(again).PauseFederation(pb.PauseFederationRequest(name=NAME))
    event = await call.read()
    while kind_of(event) != "federation_changed":
        event = await call.read()
    assert event.federation_changed.state == pb.FEDERATION_STATE_PAUSED
    assert event.sequence > before
    call.cancel()


async def test_a_watch_request_out_of_range_is_refused(start: Start) -> None:
    server = await start()
    request = pb.WatchFederationRequest(name="digits", after_sequence=-1)
    refusal = await refused(stub(server).WatchFederation(request))
    assert (pair(refusal), set(refusal.violations)) == (INVALID, {"name", "after_sequence"})
    assert pair(await refused(watching(server))) == MISSING
