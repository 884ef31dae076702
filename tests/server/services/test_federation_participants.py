"""Participants are enrolled, listed and removed."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.federation.machine.events import Connected, ParticipantRemoved
from mfn_server.federation.resources import enrolling
from mfn_server.federation.storage.rows import Batch, ParticipantRow
from tests.server.calling import PATIENCE_S, refused
from tests.server.conftest import Running, Start
from tests.server.federation.scripted import Operator
from tests.server.services.federations import NAME, ONE_ID, created, enrolled, new_key, stub

ADA = f"{NAME}/participants/ada"
EXISTS = grpc.StatusCode.ALREADY_EXISTS, "RESOURCE_EXISTS"
INVALID = grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"
MISSING = grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND"


def pair(refusal: Any) -> tuple[grpc.StatusCode, str]:
    return refusal.code, refusal.reason


async def served(start: Start, **settings: Any) -> Running:
    server = await start(**settings)
    await created(server)
    return server


def enrolment(participant_id: str = "ada", key: bytes | None = None, **fields: Any) -> pb.EnrolParticipantRequest:
    given = {"parent": NAME, "participant_id": participant_id, "public_key": key or new_key()}
    return pb.EnrolParticipantRequest(**(given | fields))


async def listed(server: Running, **fields: Any) -> pb.ListParticipantsResponse:
    request = pb.ListParticipantsRequest(parent=NAME, **fields)
    answer: pb.ListParticipantsResponse = await stub(server).ListParticipants(request)
    return answer


async def test_an_enrolled_participant_is_listed_as_it_was_enrolled(start: Start) -> None:
    server, key = await served(start), new_key()
    participant = await enrolled(server, "ada", key, title="Ada")
    assert (participant.name, participant.public_key, participant.title) == (ADA, key, "Ada")
    assert participant.uid
    assert not participant.connected
    assert not participant.HasField("last_seen_time")
    assert list((await listed(server)).participants) == [participant]
    federation = (await stub(server).GetFederation(pb.GetFederationRequest(name=NAME))).federation
    assert (federation.participants_enrolled, federation.participants_connected) == (1, 0)


async def test_every_fault_of_an_enrolment_is_named_at_once(start: Start) -> None:
    server = await served(start)
    request = enrolment("Ada", b"x", parent="digits", title="x" * 201, request_id="one")
    refusal = await refused(stub(server).EnrolParticipant(request))
    assert pair(refusal) == INVALID
    assert set(refusal.violations) == {"parent", "participant_id", "public_key", "title", "request_id"}


@pytest.mark.parametrize("key", [bytes(32), (1).to_bytes(32, "little"), b"\xff" * 32])
async def test_a_public_key_by_which_nothing_could_be_proved_is_refused(start: Start, key: bytes) -> None:
    server = await served(start)
    request = enrolment()
    request.public_key = key
    refusal = await refused(stub(server).EnrolParticipant(request))
    assert (pair(refusal), set(refusal.violations)) == (INVALID, {"public_key"})


async def test_a_taken_name_and_a_taken_key_are_refused(start: Start) -> None:
    server, key = await served(start), new_key()
    await enrolled(server, "ada", key)
    assert pair(await refused(stub(server).EnrolParticipant(enrolment("ada")))) == EXISTS
    refusal = await refused(stub(server).EnrolParticipant(enrolment("bob", key)))
    assert (pair(refusal), set(refusal.violations)) == (INVALID, {"public_key"})
    assert ADA in refusal.violations["public_key"]


async def test_of_many_enrolments_of_one_name_or_one_key_at_once_one_succeeds(start: Start) -> None:
    server, key = await served(start), new_key()
    calls = [enrolment("ada") for _ in range(5)] + [enrolment(f"p{i}", key) for i in range(5)]
    answers = await asyncio.gather(*(stub(server).EnrolParticipant(call) for call in calls), return_exceptions=True)
    names = [each.participant.name for each in answers if isinstance(each, pb.EnrolParticipantResponse)]
    assert len(names) == 2
    assert ADA in names
    assert len((await listed(server)).participants) == 2


async def test_a_repeated_request_gets_the_first_result(start: Start, tmp_path: Path) -> None:
    first, key = await served(start, state_dir=tmp_path), new_key()
    participant = await enrolled(first, "ada", key, request_id=ONE_ID)
    assert await enrolled(first, "ada", key, request_id=ONE_ID) == participant
    await first.lifecycle.drain()
    second = await start(state_dir=tmp_path)
    assert await enrolled(second, "ada", key, request_id=ONE_ID) == participant
    refusal = await refused(stub(second).EnrolParticipant(enrolment("bob", key, request_id=ONE_ID)))
    assert pair(refusal) == (grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED")


async def test_a_removed_participant_is_gone_and_another_may_take_its_name_and_key(
    start: Start, tmp_path: Path
) -> None:
    first, key = await served(start, state_dir=tmp_path), new_key()
    before = await enrolled(first, "ada", key)
    answer = await stub(first).RemoveParticipant(pb.RemoveParticipantRequest(name=ADA, uid=before.uid))
    assert answer == pb.RemoveParticipantResponse()
    assert (await listed(first)).participants == []
    after = await enrolled(first, "ada", key)
    assert after.uid != before.uid
    await first.lifecycle.drain()
    assert list((await listed(await start(state_dir=tmp_path))).participants) == [after]


async def test_only_the_participant_that_is_meant_is_removed(start: Start) -> None:
    server = await served(start)
    participant = await enrolled(server, "ada")
    refusal = await refused(stub(server).RemoveParticipant(pb.RemoveParticipantRequest(name=ADA, uid="another")))
    assert pair(refusal) == (grpc.StatusCode.FAILED_PRECONDITION, "UID_MISMATCH")
    assert refusal.metadata["uid"] == participant.uid


async def test_one_who_is_not_enrolled_cannot_be_removed(start: Start) -> None:
    server = await served(start)
    assert pair(await refused(stub(server).RemoveParticipant(pb.RemoveParticipantRequest(name=ADA)))) == MISSING
    for name in ("ada", NAME, f"{NAME}/participants/Ada"):
        refusal = await refused(stub(server).RemoveParticipant(pb.RemoveParticipantRequest(name=name)))
        assert (pair(refusal), set(refusal.violations)) == (INVALID, {"name"})


async def test_a_federation_takes_no_more_participants_than_a_rule_can_aggregate(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await served(start)
    monkeypatch.setattr(enrolling, "MOST_ENROLLED", 1)
    await enrolled(server, "ada")
    refusal = await refused(stub(server).EnrolParticipant(enrolment("bob")))
    assert pair(refusal) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUOTA_EXCEEDED")


async def test_participants_are_listed_by_name_page_by_page(start: Start) -> None:
    server = await served(start)
    for participant_id in ("c", "a", "d", "b"):
        await enrolled(server, participant_id)
    names: list[str] = []
    token = ""
    while True:
        page = await listed(server, page_size=3, page_token=token)
        assert len(page.participants) <= 3
        names += [each.name for each in page.participants]
        if not (token := page.next_page_token):
            break
    assert names == [f"{NAME}/participants/{each}" for each in "abcd"]


async def test_a_page_token_serves_one_federation_only(start: Start) -> None:
    server = await served(start)
    await enrolled(server, "a")
    await enrolled(server, "b")
    token = (await listed(server, page_size=1)).next_page_token
    await stub(server).DeleteFederation(pb.DeleteFederationRequest(name=NAME))
    await created(server)
    refusal = await refused(stub(server).ListParticipants(pb.ListParticipantsRequest(parent=NAME, page_token=token)))
    assert pair(refusal) == (grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID")


async def seen_after(server: Running, moment: datetime) -> pb.Participant:
    """The only participant, once it was heard of after this moment."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            (participant,) = (await listed(server)).participants
            if participant.last_seen_time.ToDatetime(UTC) > moment:
                return participant


async def test_a_connected_participant_is_shown_with_what_it_can_do_and_when_it_last_spoke(start: Start) -> None:
    server = await start()
    federation = await Operator(server.channel).federation("digits", np.zeros(3, np.float32))
    ada = await federation.enrol("ada")
    await ada.join(can_evaluate=True, client="test 1")
    joined = await seen_after(server, datetime.fromtimestamp(0, UTC))
    assert joined.connected
    assert (joined.capabilities.can_evaluate, joined.capabilities.client) == (True, "test 1")
    await ada.send(heartbeat=pb.Heartbeat())
    spoken = await seen_after(server, joined.last_seen_time.ToDatetime(UTC))
    assert spoken.connected
    await ada.leave()
    async with asyncio.timeout(PATIENCE_S):
        while (await listed(server)).participants[0].connected:
            pass
    (gone,) = (await listed(server)).participants
    assert gone.capabilities == joined.capabilities
    assert gone.last_seen_time.ToDatetime(UTC) >= spoken.last_seen_time.ToDatetime(UTC)


async def test_the_session_of_a_removed_participant_ends(start: Start) -> None:
    server = await start()
    federation = await Operator(server.channel).federation("digits", np.zeros(3, np.float32))
    ada = await federation.enrol("ada")
    await ada.join()
    await stub(server).RemoveParticipant(pb.RemoveParticipantRequest(name=ADA))
    refusal = await refused(ada.call)
    assert pair(refusal) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_ENROLLED")


async def test_one_who_joins_while_being_removed_is_not_enrolled_again_by_that(start: Start) -> None:
    server = await served(start)
    enrolled_as = await enrolled(server, "ada")
    coordinator = server.application.coordinator
    assert coordinator is not None
    live = await coordinator.find("digits")
    row = ParticipantRow(ADA, enrolled_as.uid, enrolled_as.public_key, enrolled_as.SerializeToString())
    await asyncio.gather(
        live.submit(ParticipantRemoved(ADA, 1.0), Batch(removed_participants=[ADA])),
        live.submit(Connected(ADA, "session", can_evaluate=False, at=2.0), Batch(participants=[row])),
    )
    assert (await listed(server)).participants == []
