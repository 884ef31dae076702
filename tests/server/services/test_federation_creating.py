"""Federations are created, read, paused, resumed and deleted."""

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.federation.resources.policies import policy_of
from tests.server.calling import refused
from tests.server.conftest import Running, Start
from tests.server.services.federations import NAME, ONE_ID, OTHER_ID, Sent, created, new_key, stub, uploaded

EXISTS = grpc.StatusCode.ALREADY_EXISTS, "RESOURCE_EXISTS"
REUSED = grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED"
MISSING = grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND"
NOT_RUNNING = grpc.StatusCode.FAILED_PRECONDITION, "FEDERATION_NOT_RUNNING"
INVALID = grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"
UNKNOWN = "federations/unknown"


def pair(refusal: Any) -> tuple[grpc.StatusCode, str]:
    return refusal.code, refusal.reason


async def got(server: Running, name: str = NAME) -> pb.Federation:
    answer = await stub(server).GetFederation(pb.GetFederationRequest(name=name))
    federation: pb.Federation = answer.federation
    return federation


async def test_a_new_federation_waits_for_its_model_under_a_policy_without_gaps(start: Start) -> None:
    server = await start()
    federation = await created(server, title="Digits", policy=pb.FederationPolicy(max_rounds=7))
    assert (federation.name, federation.title) == (NAME, "Digits")
    assert federation.state == pb.FEDERATION_STATE_AWAITING_MODEL
    assert federation.policy == policy_of(pb.FederationPolicy(max_rounds=7)).message
    assert federation.uid
    assert federation.create_time.seconds > 1_700_000_000
    assert not federation.HasField("finish_time")


async def test_a_federation_is_read_as_it_was_created(start: Start) -> None:
    server = await start()
    federation = await created(server)
    found = await got(server)
    assert found.stored_bytes > 0
    found.ClearField("stored_bytes")
    assert found == federation


async def test_every_fault_of_a_request_is_named_at_once(start: Start) -> None:
    policy = pb.FederationPolicy(max_rounds=0, aggregation=pb.AggregationPolicy(f=-1, krum=pb.KrumRule()))
    request = pb.CreateFederationRequest(federation_id="A", title="x" * 201, request_id="one", policy=policy)
    refusal = await refused(stub(await start()).CreateFederation(request))
    assert pair(refusal) == INVALID
    paths = {"federation_id", "title", "request_id", "policy.max_rounds", "policy.aggregation.f"}
    assert set(refusal.violations) == paths


async def test_an_encoding_of_a_later_contract_is_not_implemented(start: Start) -> None:
    policy = pb.FederationPolicy(update_encodings=[9])  # type: ignore[list-item]  # of a later contract
    request = pb.CreateFederationRequest(federation_id="digits", policy=policy)
    refusal = await refused(stub(await start()).CreateFederation(request))
    assert pair(refusal) == (grpc.StatusCode.UNIMPLEMENTED, "NOT_IMPLEMENTED")


async def test_a_taken_name_is_refused(start: Start) -> None:
    server = await start()
    await created(server)
    request = pb.CreateFederationRequest(federation_id="digits", request_id=ONE_ID)
    assert pair(await refused(stub(server).CreateFederation(request))) == EXISTS


async def test_a_repeated_request_gets_the_first_result_also_later_and_after_a_restart(
    start: Start, tmp_path: Path
) -> None:
    first = await start(state_dir=tmp_path)
    federation = await created(first, request_id=ONE_ID)
    await uploaded(first, Sent())
    assert await created(first, request_id=ONE_ID.upper()) == federation
    await first.lifecycle.drain()
    second = await start(state_dir=tmp_path)
    assert await created(second, request_id=ONE_ID) == federation
    await stub(second).DeleteFederation(pb.DeleteFederationRequest(name=NAME))
    assert await created(second, request_id=ONE_ID) == federation
    assert pair(await refused(stub(second).GetFederation(pb.GetFederationRequest(name=NAME)))) == MISSING


async def test_another_request_with_a_used_id_is_refused(start: Start) -> None:
    server = await start()
    await created(server, request_id=ONE_ID)
    request = pb.CreateFederationRequest(federation_id="digits", title="other", request_id=ONE_ID)
    assert pair(await refused(stub(server).CreateFederation(request))) == REUSED
    request = pb.CreateFederationRequest(federation_id="other", request_id=ONE_ID)
    assert pair(await refused(stub(server).CreateFederation(request))) == REUSED


async def test_an_id_stands_for_one_request_whatever_its_method_and_its_federation(start: Start) -> None:
    server, sent = await start(), Sent()
    await created(server, request_id=ONE_ID)
    await created(server, "other")
    enrolment = pb.EnrolParticipantRequest(
        parent=NAME, participant_id="ada", public_key=new_key(), request_id=ONE_ID.upper()
    )
    assert pair(await refused(stub(server).EnrolParticipant(enrolment))) == REUSED
    assert pair(await refused(stub(server).UploadModel(iter([sent.begin(request_id=ONE_ID)])))) == REUSED
    enrolment.request_id = OTHER_ID
    answer = await stub(server).EnrolParticipant(enrolment)
    assert await stub(server).EnrolParticipant(enrolment) == answer
    enrolment.parent = "federations/other"
    assert pair(await refused(stub(server).EnrolParticipant(enrolment))) == REUSED
    another = pb.CreateFederationRequest(federation_id="another", request_id=OTHER_ID)
    assert pair(await refused(stub(server).CreateFederation(another))) == REUSED


async def test_of_many_equal_requests_at_once_one_creates_and_all_get_its_result(start: Start) -> None:
    server = await start()
    found = await asyncio.gather(*(created(server, request_id=ONE_ID) for _ in range(8)))
    assert len({federation.uid for federation in found}) == 1


async def test_a_name_can_be_used_again_and_stands_for_another_federation(start: Start) -> None:
    server = await start()
    first = await created(server)
    await stub(server).DeleteFederation(pb.DeleteFederationRequest(name=NAME))
    second = await created(server)
    assert first.uid != second.uid


async def test_a_deleted_federation_is_gone(start: Start, tmp_path: Path) -> None:
    server = await start(state_dir=tmp_path)
    await created(server)
    answer = await stub(server).DeleteFederation(pb.DeleteFederationRequest(name=NAME))
    assert answer == pb.DeleteFederationResponse()
    assert not (tmp_path / "federations" / "digits").exists()
    for call in (
        stub(server).GetFederation(pb.GetFederationRequest(name=NAME)),
        stub(server).DeleteFederation(pb.DeleteFederationRequest(name=NAME)),
        stub(server).PauseFederation(pb.PauseFederationRequest(name=NAME)),
        stub(server).ListRounds(pb.ListRoundsRequest(parent=NAME)),
    ):
        assert pair(await refused(call)) == MISSING


async def test_only_the_federation_that_is_meant_is_deleted(start: Start) -> None:
    server = await start()
    federation = await created(server)
    refusal = await refused(stub(server).DeleteFederation(pb.DeleteFederationRequest(name=NAME, uid="another")))
    assert pair(refusal) == (grpc.StatusCode.FAILED_PRECONDITION, "UID_MISMATCH")
    assert refusal.metadata["uid"] == federation.uid
    await stub(server).DeleteFederation(pb.DeleteFederationRequest(name=NAME, uid=federation.uid))


async def test_pausing_and_resuming_twice_changes_nothing_more(start: Start) -> None:
    server = await start()
    await created(server)
    await uploaded(server, Sent())
    for _ in range(2):
        paused = await stub(server).PauseFederation(pb.PauseFederationRequest(name=NAME))
        assert paused.federation.state == pb.FEDERATION_STATE_PAUSED
    for _ in range(2):
        resumed = await stub(server).ResumeFederation(pb.ResumeFederationRequest(name=NAME))
        assert resumed.federation.state == pb.FEDERATION_STATE_RUNNING


async def test_a_pause_survives_a_restart(start: Start, tmp_path: Path) -> None:
    first = await start(state_dir=tmp_path)
    await created(first)
    await uploaded(first, Sent())
    await stub(first).PauseFederation(pb.PauseFederationRequest(name=NAME))
    await first.lifecycle.drain()
    assert (await got(await start(state_dir=tmp_path))).state == pb.FEDERATION_STATE_PAUSED


async def test_a_federation_without_a_model_can_be_neither_paused_nor_resumed(start: Start) -> None:
    server = await start()
    await created(server)
    assert pair(await refused(stub(server).PauseFederation(pb.PauseFederationRequest(name=NAME)))) == NOT_RUNNING
    assert pair(await refused(stub(server).ResumeFederation(pb.ResumeFederationRequest(name=NAME)))) == NOT_RUNNING


@pytest.mark.parametrize("method", ["GetFederation", "DeleteFederation", "PauseFederation", "ResumeFederation"])
async def test_a_name_of_another_form_is_invalid_and_one_of_no_federation_not_found(start: Start, method: str) -> None:
    server = await start()
    request_type = getattr(pb, f"{method}Request")
    for name in ("", "digits", "federations/Digits", "federations/a/participants/b"):
        refusal = await refused(getattr(stub(server), method)(request_type(name=name)))
        assert (pair(refusal), set(refusal.violations)) == (INVALID, {"name"})
    assert pair(await refused(getattr(stub(server), method)(request_type(name=UNKNOWN)))) == MISSING


async def listed(server: Running, **fields: Any) -> pb.ListFederationsResponse:
    answer: pb.ListFederationsResponse = await stub(server).ListFederations(pb.ListFederationsRequest(**fields))
    return answer


async def test_federations_are_listed_by_name_page_by_page(start: Start) -> None:
    server = await start()
    for federation_id in ("c", "a", "b"):
        await created(server, federation_id)
    first = await listed(server, page_size=2)
    assert [each.name for each in first.federations] == ["federations/a", "federations/b"]
    second = await listed(server, page_size=2, page_token=first.next_page_token)
    assert [each.name for each in second.federations] == ["federations/c"]
    assert second.next_page_token == ""
    assert len((await listed(server)).federations) == 3


async def test_a_list_can_be_narrowed_to_a_state_and_shows_no_manifests(start: Start) -> None:
    server = await start()
    await created(server)
    await created(server, "other")
    await uploaded(server, Sent())
    running = await listed(server, state=pb.FEDERATION_STATE_RUNNING)
    assert [each.name for each in running.federations] == [NAME]
    assert not running.federations[0].HasField("manifest")
    waiting = await listed(server, state=pb.FEDERATION_STATE_AWAITING_MODEL)
    assert [each.name for each in waiting.federations] == ["federations/other"]


async def test_pages_are_cut_where_they_would_exceed_a_message(start: Start) -> None:
    server = await start()
    text = pb.ConfigValue(string_value="é" * 4096)  # 8 KiB
    policy = pb.FederationPolicy(config={f"{i:064}": text for i in range(100)})
    for i in range(6):
        await created(server, f"f{i}", policy=policy)
    names, token = [], ""
    while True:
        page = await listed(server, page_token=token)
        assert page.ByteSize() <= 4 * 2**20
        names += [each.name for each in page.federations]
        if not (token := page.next_page_token):
            break
    assert names == [f"federations/f{i}" for i in range(6)]


@pytest.mark.parametrize(
    ("fields", "path"), [({"page_size": 0}, "page_size"), ({"page_size": 1001}, "page_size"), ({"state": 9}, "state")]
)
async def test_a_list_request_out_of_range_is_refused(start: Start, fields: dict[str, Any], path: str) -> None:
    refusal = await refused(stub(await start()).ListFederations(pb.ListFederationsRequest(**fields)))
    assert (pair(refusal), set(refusal.violations)) == (INVALID, {path})


async def test_a_page_token_of_another_listing_is_refused(start: Start) -> None:
    server = await start()
    for federation_id in ("a", "b"):
        await created(server, federation_id)
    token = (await listed(server, page_size=1)).next_page_token
    for request in (
        pb.ListFederationsRequest(page_token=token, state=pb.FEDERATION_STATE_AWAITING_MODEL),
        pb.ListFederationsRequest(page_token=token[:-2]),
    ):
        refusal = await refused(stub(server).ListFederations(request))
        assert pair(refusal) == (grpc.StatusCode.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID")
    refusal = await refused(
        stub(server).ListParticipants(pb.ListParticipantsRequest(parent="federations/a", page_token=token))
    )
    assert refusal.reason == "PAGE_TOKEN_INVALID"


async def test_another_process_owns_its_federations_alone(start: Start, tmp_path: Path) -> None:
    owner = await start(state_dir=tmp_path, federation_address="owner.example:50051")
    federation = await created(owner, request_id=ONE_ID)
    ref = (await uploaded(owner, Sent())).model
    other = await start(state_dir=tmp_path)
    assert (await listed(other)).federations == []
    requests = stub(other)
    for call in (
        requests.GetFederation(pb.GetFederationRequest(name=NAME)),
        requests.DeleteFederation(pb.DeleteFederationRequest(name=NAME)),
        requests.PauseFederation(pb.PauseFederationRequest(name=NAME)),
        requests.ListParticipants(pb.ListParticipantsRequest(parent=NAME)),
        requests.WatchFederation(pb.WatchFederationRequest(name=NAME)),
        requests.UploadModel(iter([Sent().begin()])),
        requests.DownloadModel(pb.DownloadModelRequest(model=ref)),
    ):
        refusal = await refused(call)
        assert pair(refusal) == (grpc.StatusCode.UNAVAILABLE, "NOT_OWNER")
        assert refusal.metadata["owner"] == "owner.example:50051"
    assert await created(other, request_id=ONE_ID) == federation
    request = pb.CreateFederationRequest(federation_id="digits", request_id=OTHER_ID)
    assert pair(await refused(requests.CreateFederation(request))) == EXISTS
