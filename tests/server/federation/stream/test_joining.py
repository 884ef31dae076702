"""Who may join, by what proof, and what ends a session."""

import asyncio
from typing import Any

import grpc
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ElementType
from tests.server.calling import Refusal, refusal_of
from tests.server.federation.hosting import Host, Hosting
from tests.server.federation.policies import policy
from tests.server.federation.scripted import Federation, Participant
from tests.server.gates import eventually

MODEL = np.arange(6, dtype="<f4")


@pytest.fixture
async def host(hosting: Hosting) -> Host:
    return await hosting()


@pytest.fixture
async def federation(host: Host) -> Federation:
    return await host.operator.federation("f", MODEL, policy(2, rounds=5))


@pytest.fixture
async def participant(federation: Federation) -> Participant:
    return await federation.enrol("p")


async def refused(participant: Participant) -> Refusal:
    """How the stream ends, after whatever else comes."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await participant.rest()
    return refusal_of(caught.value)


async def refused_join(who: Participant, **fields: Any) -> Refusal:
    who.open()
    await who.send(join=pb.Join(**({"participant": who.name} | fields)))
    return await refused(who)


async def test_welcome_tells_where_the_federation_stands(participant: Participant) -> None:
    welcome = await participant.join()
    assert welcome.session
    assert (welcome.model.version, welcome.state) == (0, pb.FEDERATION_STATE_RUNNING)
    assert welcome.policy.heartbeat_seconds == 30  # a default, filled in
    assert not welcome.HasField("last_ack")


async def test_one_may_join_before_there_is_a_model(host: Host) -> None:
    request = pb.CreateFederationRequest(federation_id="g", policy=policy(2))
    created = (await host.operator.stub.CreateFederation(request)).federation
    federation = Federation(host.operator.stub, "g", created.uid, pb.TensorManifest())
    welcome = await (await federation.enrol("p")).join()
    assert welcome.state == pb.FEDERATION_STATE_AWAITING_MODEL
    assert not welcome.HasField("model")


class TestRefusals:
    async def test_one_who_is_not_enrolled(self, federation: Federation) -> None:
        stranger = Participant(federation, "stranger", Ed25519PrivateKey.generate())
        refusal = await refused_join(stranger)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_ENROLLED")

    async def test_a_federation_that_does_not_exist(self, participant: Participant) -> None:
        refusal = await refused_join(participant, participant="federations/none/participants/p")
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")

    async def test_a_name_of_another_form(self, participant: Participant) -> None:
        refusal = await refused_join(participant, participant="p")
        assert (refusal.reason, set(refusal.violations)) == ("INVALID_FIELD", {"join.participant"})

    async def test_fields_out_of_their_ranges_all_of_them_named(
        self, federation: Federation, participant: Participant
    ) -> None:
        model = pb.ModelRef(federation_uid=federation.uid, version=0, sha256=bytes(32))
        held = [pb.HeldModel(model=model, held_bytes=25), pb.HeldModel(model=pb.ModelRef(version=-1))]
        refusal = await refused_join(
            participant,
            held_models=held,
            capabilities=pb.Capabilities(client="c" * 201),
        )
        assert set(refusal.violations) == {
            "join.capabilities.client",
            "join.held_models[0].held_bytes",
            "join.held_models[1].model.version",
            "join.held_models[1].model.sha256",
        }

    async def test_too_many_held_models(self, participant: Participant) -> None:
        refusal = await refused_join(participant, held_models=[pb.HeldModel()] * 17)
        assert set(refusal.violations) == {"join.held_models"}

    async def test_one_who_cannot_send_what_the_policy_wants(self, host: Host) -> None:
        found = policy(2, update_element_type=ElementType.ELEMENT_TYPE_FLOAT16)
        federation = await host.operator.federation("h", MODEL, found)
        participant = await federation.enrol("p")
        for able in ([], [ElementType.ELEMENT_TYPE_FLOAT32]):
            refusal = await refused_join(participant, capabilities=pb.Capabilities(element_types=able))
            assert set(refusal.violations) == {"join.capabilities.element_types"}
        await participant.join(element_types=[ElementType.ELEMENT_TYPE_FLOAT16])

    @pytest.mark.parametrize("message", ["proof", "heartbeat", "chunk", "leave"])
    async def test_anything_but_join_first(self, participant: Participant, message: str) -> None:
        participant.open()
        kind: Any = getattr(pb, message.capitalize())
        await participant.send(**{message: kind()})
        refusal = await refused(participant)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "UNEXPECTED_MESSAGE")

    async def test_anything_but_a_proof_second(self, participant: Participant) -> None:
        participant.open()
        await participant.send(join=pb.Join(participant=participant.name))
        await participant.send(heartbeat=pb.Heartbeat())
        assert (await refused(participant)).reason == "UNEXPECTED_MESSAGE"

    async def test_an_empty_message_and_a_second_join(self, participant: Participant) -> None:
        await participant.join()
        await participant.send()
        assert (await refused(participant)).reason == "UNEXPECTED_MESSAGE"
        await participant.join()
        await participant.send(join=pb.Join(participant=participant.name))
        assert (await refused(participant)).reason == "UNEXPECTED_MESSAGE"

    async def test_a_stream_without_a_word(self, participant: Participant) -> None:
        participant.open()
        await participant.call.done_writing()
        assert (await refused(participant)).reason == "MISSING_REQUEST"

    async def test_a_proof_by_another_key_for_another_name_or_of_an_earlier_challenge(
        self, federation: Federation, participant: Participant
    ) -> None:
        other = Participant(federation, "q", participant.key)
        earlier: list[bytes] = []

        async def prove(key: Ed25519PrivateKey, named: Participant, replayed: bytes | None = None) -> Refusal:
            participant.open()
            await participant.send(join=pb.Join(participant=participant.name))
            signed = key.sign(named.proof_of(await participant.until("challenge")))
            earlier.append(signed)
            await participant.send(proof=pb.Proof(signature=replayed or signed))
            return await refused(participant)

        assert (await prove(Ed25519PrivateKey.generate(), participant)).reason == "SIGNATURE_INVALID"
        refusal = await prove(participant.key, other)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.PERMISSION_DENIED, "SIGNATURE_INVALID")
        participant.open()
        await participant.send(join=pb.Join(participant=participant.name))
        earlier.append(participant.key.sign(participant.proof_of(await participant.until("challenge"))))
        assert (await prove(participant.key, participant, replayed=earlier[-1])).reason == "SIGNATURE_INVALID"


class TestSessions:
    async def test_a_newer_one_supersedes(self, participant: Participant) -> None:
        first = await participant.join()
        old = participant.call
        second = await participant.join()
        assert first.session != second.session
        participant.call, new = old, participant.call
        refusal = await refused(participant)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.ABORTED, "SESSION_SUPERSEDED")
        participant.call = new
        await participant.leave()

    async def test_of_many_at_once_the_last_one_stays(
        self, host: Host, federation: Federation, participant: Participant
    ) -> None:
        streams = [Participant(federation, "p", participant.key) for _ in range(8)]

        async def life(stream: Participant) -> str:
            try:
                await stream.join()
                await stream.rest()
            except grpc.aio.AioRpcError as error:
                return refusal_of(error).reason
            return "OK"

        ends = {asyncio.create_task(life(stream)) for stream in streams}
        while len(ends) > 1:
            done, ends = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            assert {task.result() for task in done} == {"SESSION_SUPERSEDED"}
        await eventually(lambda: len(host.live("f").seats) == 1)
        assert len(host.live("f").state.sessions) == 1
        for end in ends:
            end.cancel()

    async def test_leaving_ends_with_ok_and_one_may_come_again(
        self, federation: Federation, participant: Participant
    ) -> None:
        await participant.join()
        assert (await federation.get()).participants_connected == 1
        await participant.leave()
        assert await participant.call.code() is grpc.StatusCode.OK
        await participant.join()
        assert (await federation.get()).participants_connected == 1

    async def test_one_who_vanishes_is_no_longer_connected(
        self, host: Host, federation: Federation, participant: Participant
    ) -> None:
        await participant.join()
        participant.call.cancel()
        await eventually(lambda: not host.live("f").state.sessions)
        assert len(host.live("f").seats) == 0

    async def test_removal_ends_the_session(self, federation: Federation, participant: Participant) -> None:
        await participant.join()
        await federation.stub.RemoveParticipant(pb.RemoveParticipantRequest(name=participant.name))
        refusal = await refused(participant)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_ENROLLED")
        assert (await refused_join(participant)).reason == "NOT_ENROLLED"

    async def test_what_a_session_can_do_is_kept(self, federation: Federation, participant: Participant) -> None:
        await participant.join(can_evaluate=True, client="scripted 1")
        (listed,) = (
            await federation.stub.ListParticipants(pb.ListParticipantsRequest(parent=federation.name))
        ).participants
        assert (listed.connected, listed.capabilities.client, listed.capabilities.can_evaluate) == (
            True,
            "scripted 1",
            True,
        )

    async def test_a_heartbeat_may_tell_of_progress_within_bounds(self, participant: Participant) -> None:
        await participant.join()
        await participant.send(heartbeat=pb.Heartbeat(progress=0.5))
        await participant.send(heartbeat=pb.Heartbeat())
        await participant.send(heartbeat=pb.Heartbeat(progress=1.5))
        assert set((await refused(participant)).violations) == {"heartbeat.progress"}

    async def test_leaving_and_declining_take_a_thousand_characters(self, participant: Participant) -> None:
        await participant.join()
        await participant.send(leave=pb.Leave(why="w" * 1001))
        assert set((await refused(participant)).violations) == {"leave.why"}

    async def test_no_more_are_let_in_than_the_server_takes(self, hosting: Hosting) -> None:
        host = await hosting(federation_max_participants=1)
        federation = await host.operator.federation("g", MODEL, policy(2))
        first, second = await federation.enrol("a"), await federation.enrol("b")
        await first.join()
        refusal = await refused_join(second)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert refusal.retry_s


class TestSilence:
    async def test_a_stream_that_does_not_join_is_ended(self, hosting: Hosting) -> None:
        host = await hosting(federation_join_timeout_s=0.1)
        federation = await host.operator.federation("g", MODEL, policy(2))
        participant = await federation.enrol("p")
        participant.open()
        refusal = await refused(participant)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.ABORTED, "STREAM_IDLE")

    async def test_a_participant_without_heartbeats_is_ended_after_three(self, host: Host) -> None:
        federation = await host.operator.federation("g", MODEL, policy(2, heartbeat_seconds=1))
        participant = await federation.enrol("p")
        await participant.join()
        refusal = await refused(participant)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.ABORTED, "STREAM_IDLE")
        assert "3 s" in refusal.message


class TestModels:
    async def second(self, federation: Federation) -> Participant:
        """Another one, so that rounds start."""
        other = await federation.enrol("other")
        await other.join()
        return other

    def held(self, federation: Federation, model: pb.ModelRef, count: int) -> pb.HeldModel:
        ref = pb.ModelRef(federation_uid=federation.uid, version=model.version, sha256=model.sha256)
        return pb.HeldModel(model=ref, held_bytes=count)

    @pytest.mark.parametrize("count", [0, 5, 24])
    async def test_bytes_that_are_held_are_not_sent_again(
        self, federation: Federation, participant: Participant, count: int
    ) -> None:
        await self.second(federation)
        model = (await federation.get()).model
        await participant.join(held=[self.held(federation, model, count)])
        await participant.until("round_start")
        begin = await participant.until("model_begin")
        assert (begin.total_bytes, begin.offset) == (24, count)
        assert begin.manifest == federation.manifest
        if count < 24:
            assert (await participant.until("chunk")).data == MODEL.tobytes()[count:]

    async def test_a_model_of_another_digest_is_not_taken_for_this_one(
        self, federation: Federation, participant: Participant
    ) -> None:
        await self.second(federation)
        wrong = pb.ModelRef(version=0, sha256=bytes(32))
        await participant.join(held=[self.held(federation, wrong, 24)])
        assert (await participant.until("model_begin")).offset == 0

    async def test_a_model_that_came_on_this_stream_is_not_sent_twice(self, host: Host) -> None:
        found = policy(2, rounds=2)
        found.evaluation.SetInParent()
        federation = await host.operator.federation("g", MODEL, found)
        participants = [await federation.enrol(f"p{n}") for n in range(2)]
        for participant in participants:
            await participant.join(can_evaluate=True)
        await asyncio.gather(*(participant.train(MODEL) for participant in participants))

        async def report(participant: Participant) -> int:
            evaluate = await participant.until("evaluate")
            assert len(await participant.model()) == 24
            message = pb.EvaluationReport(round=1, model=evaluate.model, num_examples=1, metrics={"loss": 1.0})
            await participant.send(evaluation_report=message)
            await participant.until("round_start")
            begin = await participant.until("model_begin")
            assert begin.model == evaluate.model
            offset: int = begin.offset
            return offset

        assert await asyncio.gather(*map(report, participants)) == [24, 24]

    async def test_a_model_of_many_chunks_arrives_whole_from_any_byte(self, host: Host) -> None:
        model = np.random.default_rng(1).standard_normal(700_000).astype("<f4")
        federation = await host.operator.federation("g", model, policy(2))
        participant = await federation.enrol("p")
        await self.second(federation)
        await participant.join()
        assert await participant.model() == model.tobytes()
        ref = (await federation.get()).model
        await participant.join(held=[self.held(federation, ref, 300_001)])
        assert await participant.model() == model.tobytes()[300_001:]
