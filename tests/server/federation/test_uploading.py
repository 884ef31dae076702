"""Updates on their way in: resumed where they broke, refused where they are wrong, never counted twice."""

import asyncio
from typing import Any

import grpc
import numpy as np
import pytest

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.federation.machine.events import RoundDeadline
from tests.server.calling import Refusal
from tests.server.federation.hosting import Host, Hosting
from tests.server.federation.policies import policy
from tests.server.federation.scripted import Federation, Participant, chunks_of, manifest_of
from tests.server.federation.stream.test_joining import refused
from tests.server.gates import eventually

MODEL = np.zeros(300_000, "<f4")
DELTA = np.random.default_rng(0).standard_normal(300_000).astype("<f4")
LENGTH = DELTA.nbytes


@pytest.fixture
async def host(hosting: Hosting) -> Host:
    return await hosting()


@pytest.fixture
async def federation(host: Host) -> Federation:
    return await host.operator.federation("f", MODEL, policy(2, rounds=3))


@pytest.fixture
async def other(federation: Federation) -> Participant:
    """Another one, so that rounds start; it sends nothing by itself."""
    other = await federation.enrol("other")
    await other.join()
    return other


@pytest.fixture
async def participant(federation: Federation, other: Participant) -> Participant:
    participant = await federation.enrol("p")
    await participant.join()
    return participant


async def start_of(participant: Participant) -> pb.RoundStart:
    start, _ = await participant.task()
    return start


async def refused_update(who: Participant, start: pb.RoundStart, **claim: Any) -> Refusal:
    await who.announce(who.update(start, DELTA, **claim))
    return await refused(who)


class TestRefusals:
    async def test_a_claim_for_another_federation_or_participant(self, participant: Participant) -> None:
        start = await start_of(participant)
        refusal = await refused_update(participant, start, federation_uid="another")
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.PERMISSION_DENIED, "SIGNATURE_INVALID")
        await participant.join()
        refusal = await refused_update(participant, start, participant="federations/f/participants/other")
        assert refusal.reason == "SIGNATURE_INVALID"

    async def test_a_claim_that_another_participant_signed(self, participant: Participant, other: Participant) -> None:
        start = await start_of(participant)
        participant.key = other.key
        assert (await refused_update(participant, start)).reason == "SIGNATURE_INVALID"

    async def test_a_signed_claim_replayed_in_a_federation_of_the_same_name(
        self, host: Host, federation: Federation, participant: Participant
    ) -> None:
        """The whole of an update, recorded from the first federation, is sent to its namesake."""
        start = await start_of(participant)
        recorded = participant.update(start, DELTA)
        await federation.stub.DeleteFederation(pb.DeleteFederationRequest(name=federation.name))
        again = await host.operator.federation("f", MODEL, policy(2, rounds=3))
        public = participant.key.public_key().public_bytes_raw()
        request = pb.EnrolParticipantRequest(parent=again.name, participant_id="p", public_key=public)
        await again.stub.EnrolParticipant(request)
        second = await again.enrol("second")
        await second.join()
        participant.federation = again
        await participant.join()
        await start_of(participant)
        await participant.announce(recorded)
        assert (await refused(participant)).reason == "SIGNATURE_INVALID"

    async def test_a_claim_of_an_earlier_round_replayed_is_settled_by_what_counted_then(
        self, federation: Federation, participant: Participant, other: Participant
    ) -> None:
        start = await start_of(participant)
        first = participant.update(start, DELTA)
        ack = await participant.upload(first)
        assert ack.status == pb.UPDATE_ACK_STATUS_COUNTED
        await other.train(DELTA)
        second = await start_of(participant)
        assert second.round == 2
        again = await participant.upload(first)
        assert (again.status, again.round) == (pb.UPDATE_ACK_STATUS_DUPLICATE, 1)
        assert again.payload_sha256 == first.claim.payload_sha256
        assert (await federation.rounds())[0].counted == 0

    async def test_a_round_that_has_not_started(self, participant: Participant) -> None:
        start = await start_of(participant)
        refusal = await refused_update(participant, start, round=2)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "ROUND_MISMATCH")
        assert refusal.metadata["round"] == "1"

    @pytest.mark.parametrize("wrong", [{"version": 1}, {"sha256": bytes(32)}, {"federation_uid": "another"}], ids=str)
    async def test_a_model_other_than_the_rounds(self, participant: Participant, wrong: dict[str, Any]) -> None:
        start = await start_of(participant)
        own = {"federation_uid": start.model.federation_uid, "version": 0, "sha256": start.model.sha256}
        model: dict[str, Any] = own | wrong
        refusal = await refused_update(participant, start, model=pb.ModelRef(**model))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "MODEL_VERSION_MISMATCH")

    async def test_weights_where_differences_are_wanted(self, participant: Participant) -> None:
        refusal = await refused_update(participant, await start_of(participant), kind=pb.UPDATE_KIND_WEIGHTS)
        assert (refusal.reason, set(refusal.violations)) == ("INVALID_FIELD", {"claim.kind"})

    async def test_tensors_other_than_the_models(self, participant: Participant) -> None:
        start = await start_of(participant)
        for shapes in ({"w": (100, 3000)}, {"v": (300_000,)}, {"w": (299_999,)}):
            await participant.announce(participant.update(start, DELTA, manifest=manifest_of(shapes)))
            refusal = await refused(participant)
            assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "MANIFEST_MISMATCH")
            await participant.join()

    async def test_a_manifest_other_than_the_one_signed(self, participant: Participant) -> None:
        update = participant.update(await start_of(participant), DELTA, manifest_sha256=bytes(32))
        await participant.announce(update)
        refusal = await refused(participant)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.DATA_LOSS, "DIGEST_MISMATCH")

    async def test_one_who_was_not_selected(self, host: Host) -> None:
        federation = await host.operator.federation("g", MODEL, policy(2, target_participants=2))
        participants = {f"p{n}": await federation.enrol(f"p{n}") for n in range(3)}
        for participant in list(participants.values())[:2]:
            await participant.join()
        start = await start_of(participants["p0"])
        await participants["p2"].join()
        refusal = await refused_update(participants["p2"], start)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NOT_SELECTED")

    async def test_chunks_out_of_order_too_large_empty_or_beyond_the_end(self, participant: Participant) -> None:
        start = await start_of(participant)
        whole = DELTA.tobytes()
        (late,) = chunks_of(whole[:10])
        late.offset = 1
        (large,) = chunks_of(whole[: 2**18 + 1], size=2**18 + 1)
        beyond = chunks_of(whole + b"1234", LENGTH - 4, size=8)[0]
        for chunk, reason, sent in (
            (late, "OFFSET_MISMATCH", 0),
            (large, "INVALID_FIELD", 0),
            (pb.Chunk(), "INVALID_FIELD", 0),
            (beyond, "OFFSET_MISMATCH", LENGTH - 4),
        ):
            await participant.announce(participant.update(start, DELTA))
            resume = await participant.until("resume")
            for before in chunks_of(whole[:sent], resume.offset):
                await participant.send(chunk=before)
            await participant.send(chunk=chunk)
            refusal = await refused(participant)
            assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, reason)
            if reason == "OFFSET_MISMATCH":
                assert refusal.metadata["expected_offset"] == str(sent)
            await participant.join()

    async def test_a_chunk_that_was_damaged_on_the_way_costs_nothing_but_itself(self, participant: Participant) -> None:
        update = participant.update(await start_of(participant), DELTA)
        first, damaged, *_ = chunks_of(update.payload)
        damaged.crc32c ^= 1
        await participant.announce(update)
        await participant.until("resume")
        await participant.send(chunk=first)
        await participant.send(chunk=damaged)
        refusal = await refused(participant)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.DATA_LOSS, "CHECKSUM_MISMATCH")
        await participant.join()
        await participant.announce(update)
        assert (await participant.until("resume")).offset == len(first.data)

    async def test_a_payload_of_another_digest_starts_again_from_the_beginning(self, participant: Participant) -> None:
        update = participant.update(await start_of(participant), DELTA)
        sent = DELTA.copy()
        sent[-1] += 1
        await participant.announce(update)
        await participant.until("resume")
        for chunk in chunks_of(sent.tobytes()):
            await participant.send(chunk=chunk)
        refusal = await refused(participant)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.DATA_LOSS, "DIGEST_MISMATCH")
        await participant.join()
        await participant.announce(update)
        assert (await participant.until("resume")).offset == 0

    async def test_chunks_that_nobody_asked_for_and_a_second_update_beside_the_first(
        self, participant: Participant
    ) -> None:
        start = await start_of(participant)
        (chunk, *_) = chunks_of(DELTA.tobytes())
        await participant.send(chunk=chunk)
        assert (await refused(participant)).reason == "UNEXPECTED_MESSAGE"
        await participant.join()
        await participant.announce(participant.update(start, DELTA))
        await participant.announce(participant.update(start, DELTA))
        assert (await refused(participant)).reason == "UNEXPECTED_MESSAGE"

    async def test_a_faulty_participant_harms_nobody_else(self, participant: Participant, other: Participant) -> None:
        start = await start_of(participant)
        await refused_update(participant, start, num_examples=0)
        assert (await other.train(DELTA)).status == pb.UPDATE_ACK_STATUS_COUNTED


class TestResuming:
    async def half(self, participant: Participant, update: Any) -> int:
        """Half of an update is sent, then the connection breaks."""
        await participant.announce(update)
        resume = await participant.until("resume")
        half = chunks_of(update.payload, resume.offset)[:2]
        for chunk in half:
            await participant.send(chunk=chunk)
        return sum(len(chunk.data) for chunk in half)

    async def test_an_upload_goes_on_where_it_broke(
        self, host: Host, participant: Participant, other: Participant
    ) -> None:
        update = participant.update(await start_of(participant), DELTA)
        await self.half(participant, update)
        participant.call.cancel()
        await eventually(lambda: len(host.live("f").state.sessions) == 1)
        await participant.join()
        await participant.announce(update)
        offset = (await participant.until("resume")).offset
        assert 0 < offset <= 2 * 2**18  # what was on its way may be lost
        for chunk in chunks_of(update.payload, offset):
            await participant.send(chunk=chunk)
        assert (await participant.until("update_ack")).status == pb.UPDATE_ACK_STATUS_COUNTED
        await other.train(DELTA)
        await participant.until("round_result")
        model = np.frombuffer(await participant.federation.download((await participant.federation.get()).model), "<f4")
        assert (model == DELTA).all()

    async def test_a_newer_session_takes_the_upload_over_from_the_older(self, participant: Participant) -> None:
        update = participant.update(await start_of(participant), DELTA)
        await self.half(participant, update)
        await participant.join()
        await participant.announce(update)
        for chunk in chunks_of(update.payload, (await participant.until("resume")).offset):
            await participant.send(chunk=chunk)
        assert (await participant.until("update_ack")).status == pb.UPDATE_ACK_STATUS_COUNTED

    async def test_another_payload_of_the_same_round_begins_anew(self, participant: Participant) -> None:
        start = await start_of(participant)
        await self.half(participant, participant.update(start, DELTA))
        await participant.join()
        assert (await participant.upload(participant.update(start, 2 * DELTA))).status == pb.UPDATE_ACK_STATUS_COUNTED

    async def test_what_was_acknowledged_is_told_again_and_never_counted_twice(
        self, federation: Federation, participant: Participant, other: Participant
    ) -> None:
        update = participant.update(await start_of(participant), DELTA)
        ack = await participant.upload(update)
        welcome = await participant.join()
        assert welcome.last_ack == ack
        again = await participant.upload(participant.update(await start_again(participant, update), 2 * DELTA))
        assert again.status == pb.UPDATE_ACK_STATUS_DUPLICATE
        assert again.payload_sha256 == update.claim.payload_sha256
        await other.train(DELTA)
        await participant.until("round_result")
        (first,) = [each for each in await federation.rounds() if each.round == 1]
        assert first.counted == 2
        model = np.frombuffer(await federation.download(first.model), "<f4")
        assert (model == DELTA).all()

    async def test_bytes_that_come_after_the_update_was_settled_are_dropped(self, participant: Participant) -> None:
        update = participant.update(await start_of(participant), DELTA)
        await participant.upload(update)
        await participant.announce(update)
        for chunk in chunks_of(update.payload):
            await participant.send(chunk=chunk)
        assert (await participant.until("update_ack")).status == pb.UPDATE_ACK_STATUS_DUPLICATE
        await participant.send(heartbeat=pb.Heartbeat())
        await participant.leave()

    async def test_an_update_whose_round_ends_while_it_comes_is_late_at_once(self, hosting: Hosting) -> None:
        host = await hosting(drain_grace_s=0)
        federation = await host.operator.federation("late", MODEL, policy(1, rounds=5))
        slow, quick = await federation.enrol("slow"), await federation.enrol("quick")
        await slow.join()
        start = await start_of(slow)
        await quick.join()
        update = slow.update(start, DELTA)
        await self.half(slow, update)
        live = host.live("late")
        await live.submit(deadline_of(1))
        assert live.state.round == 2  # nothing had come, so the first was skipped for want of a quorum
        for chunk in chunks_of(update.payload, 2 * 2**18):
            await slow.send(chunk=chunk)
        assert (await slow.until("update_ack")).status == pb.UPDATE_ACK_STATUS_LATE
        await slow.leave()

    async def test_declining_gives_a_half_sent_update_up(self, host: Host, participant: Participant) -> None:
        update = participant.update(await start_of(participant), DELTA)
        await self.half(participant, update)
        await participant.send(decline=pb.Decline(round=1, why="out of power"))
        for chunk in chunks_of(update.payload, 2 * 2**18):
            await participant.send(chunk=chunk)
        await participant.leave()
        updates = host.live("f").folder.path / "updates"
        assert not list(updates.iterdir())


async def start_again(participant: Participant, update: Any) -> pb.RoundStart:
    """The round that an update was for."""
    return pb.RoundStart(round=update.claim.round, model=update.claim.model)


def deadline_of(number: int) -> Any:
    """The event that the timer of a round ends with."""
    return RoundDeadline(number, at=0.0)


async def test_twenty_updates_that_arrive_together_all_count(hosting: Hosting) -> None:
    host = await hosting()
    federation = await host.operator.federation("f", MODEL, policy(20))
    participants = [await federation.enrol(f"p{n}") for n in range(20)]
    await asyncio.gather(*(participant.join() for participant in participants))
    await asyncio.gather(*(participant.train(DELTA) for participant in participants))
    await participants[0].until("finished")
    (done,) = await federation.rounds()
    assert done.counted == 20
