"""Servers that die, leave, run out of room or meet another owner: what was acknowledged counts, and counts once."""

import asyncio
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.federation.machine.events import Deleted, RoundDeadline
from mfn_server.federation.storage.draft import Draft
from mfn_server.federation.storage.errors import StorageFull
from mfn_server.federation.storage.journal import Journal
from tests.server.calling import refused as refused_call
from tests.server.conftest import Start
from tests.server.federation.hosting import Host, Hosting, hosting_in
from tests.server.federation.policies import policy
from tests.server.federation.scripted import Federation, Operator, Participant, chunks_of
from tests.server.federation.stream.test_joining import refused
from tests.server.gates import eventually

MODEL = np.zeros(300_000, "<f4")
DELTA = np.random.default_rng(0).standard_normal(300_000).astype("<f4")


def moved(host: Host, federation: Federation, *participants: Participant) -> None:
    """They speak to the server that runs now."""
    federation.stub = host.operator.stub
    for participant in participants:
        participant.federation = federation


async def restarted(host: Host, federation: Federation, *participants: Participant) -> None:
    await host.kill()
    await host.restart()
    moved(host, federation, *participants)


async def model_of(federation: Federation) -> Any:
    return np.frombuffer(await federation.download((await federation.get()).model), "<f4")


class TestKilled:
    async def test_the_round_goes_on_with_what_was_acknowledged(self, hosting: Hosting) -> None:
        host = await hosting()
        federation, (first, second) = await host.operator.gathering("f", MODEL, policy(2), 2)
        ack = await first.train(DELTA)
        await restarted(host, federation, first, second)
        assert (await federation.get()).participants_connected == 0
        welcome = await first.join()
        assert welcome.last_ack == ack
        await second.join()
        start, _ = await second.task()
        assert start.round == 1
        await second.upload(second.update(start, 3 * DELTA))
        await first.until("finished")
        assert (await model_of(federation) == np.mean([DELTA, 3 * DELTA], axis=0, dtype="f8").astype("<f4")).all()
        assert (await federation.rounds())[0].counted == 2

    async def test_an_upload_goes_on_where_the_server_died(self, hosting: Hosting) -> None:
        host = await hosting()
        federation, (first, second) = await host.operator.gathering("f", MODEL, policy(2), 2)
        start, _ = await first.task()
        update = first.update(start, DELTA)
        await first.announce(update)
        await first.until("resume")
        for chunk in chunks_of(update.payload)[:3]:
            await first.send(chunk=chunk)
        first.call.cancel()
        await eventually(lambda: len(host.live("f").state.sessions) == 1)
        await restarted(host, federation, first, second)
        await first.join()
        await first.announce(update)
        offset = (await first.until("resume")).offset
        assert 0 < offset <= 3 * 2**18
        for chunk in chunks_of(update.payload, offset):
            await first.send(chunk=chunk)
        assert (await first.until("update_ack")).status == pb.UPDATE_ACK_STATUS_COUNTED

    async def test_an_aggregation_that_was_under_way_is_done_again(
        self, hosting: Hosting, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        host = await hosting()
        federation, participants = await host.operator.gathering("f", MODEL, policy(2), 2)
        begun = asyncio.Event()

        async def never(*_: Any) -> None:
            begun.set()
            await asyncio.Event().wait()

        with monkeypatch.context() as stuck:
            stuck.setattr(type(host.live("f")._aggregating), "aggregate", never)
            await asyncio.gather(*(participant.train(DELTA) for participant in participants))
            await begun.wait()
            await host.kill()
        await host.restart()
        moved(host, federation, *participants)
        await eventually(lambda: host.live("f").state.finish_reason is not None)
        assert (await model_of(federation) == DELTA).all()

    async def test_models_records_and_enrolments_outlive_it(self, hosting: Hosting) -> None:
        host = await hosting()
        federation, participants = await host.operator.gathering("f", MODEL, policy(2), 2)
        await asyncio.gather(*(participant.train(DELTA) for participant in participants))
        await participants[0].until("finished")
        before = await federation.get(), await federation.rounds(), await federation.verdicts(1)
        await restarted(host, federation, *participants)
        after = await federation.get(), await federation.rounds(), await federation.verdicts(1)
        for each in (before[0], after[0]):
            each.stored_bytes = each.participants_connected = 0
        assert before == after
        assert (await participants[0].join()).state == pb.FEDERATION_STATE_FINISHED
        assert (await participants[0].until("finished")).why == pb.FINISH_REASON_MAX_ROUNDS

    async def test_a_federation_whose_deletion_was_cut_short_is_gone(self, hosting: Hosting) -> None:
        host = await hosting()
        federation = await host.operator.federation("f", MODEL, policy(2))
        await host.live("f").submit(Deleted(at=0.0))
        await restarted(host, federation)
        refusal = await refused_call(federation.stub.GetFederation(pb.GetFederationRequest(name=federation.name)))
        assert refusal.reason == "RESOURCE_NOT_FOUND"
        assert not (host.state_dir / "federations" / "f").exists()
        await host.operator.federation("f", MODEL, policy(2))


class TestDrain:
    async def test_streams_end_as_unavailable_and_nothing_is_lost(self, hosting: Hosting) -> None:
        host = await hosting(drain_grace_s=600)
        federation, (first, second) = await host.operator.gathering("f", MODEL, policy(2), 2)
        ack = await first.train(DELTA)
        start, _ = await second.task()
        update = second.update(start, DELTA)
        await second.announce(update)
        await second.until("resume")
        await second.send(chunk=chunks_of(update.payload)[0])
        await second.send(heartbeat=pb.Heartbeat())
        late = await federation.enrol("late")
        late.open()  # has not joined yet
        draining = asyncio.create_task(host.running.lifecycle.drain())
        for participant in (first, second, late):
            refusal = await refused(participant)
            assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")
        await draining
        await host.restart()
        moved(host, federation, first, second)
        assert (await first.join()).last_ack == ack
        await second.join()
        await second.announce(update)
        resume = await second.until("resume")
        assert resume.offset in {0, 2**18}
        for chunk in chunks_of(update.payload, resume.offset):
            await second.send(chunk=chunk)
        await first.until("finished")
        assert (await federation.rounds())[0].counted == 2

    async def test_a_federation_without_work_drains_at_once(self, hosting: Hosting) -> None:
        host = await hosting(drain_grace_s=600)
        _, participants = await host.operator.gathering("f", MODEL, policy(2), 2)
        await asyncio.wait_for(host.running.lifecycle.drain(), 60)
        for participant in participants:
            assert (await refused(participant)).reason == "SERVER_DRAINING"


class TestOwners:
    async def test_another_server_answers_with_the_owners_address_and_takes_over_when_it_has_gone(
        self, start: Start, tmp_path: Path
    ) -> None:
        owner = await hosting_in(start, tmp_path)(federation_address="owner.example:1")
        federation, (first, _) = await owner.operator.gathering("f", MODEL, policy(2), 2)
        ack = await first.train(DELTA)
        other = await hosting_in(start, tmp_path)()
        request = pb.GetFederationRequest(name=federation.name)
        refusal = await refused_call(other.operator.stub.GetFederation(request))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "NOT_OWNER")
        assert refusal.metadata["owner"] == "owner.example:1"
        assert "owner.example:1" in refusal.message
        moved(other, federation, first)
        first.open()
        await first.send(join=pb.Join(participant=first.name))
        assert (await refused(first)).reason == "NOT_OWNER"
        await owner.kill()
        assert (await first.join()).last_ack == ack

    async def test_by_default_the_owner_is_where_it_listens(self, start: Start, tmp_path: Path) -> None:
        owner = await hosting_in(start, tmp_path)()
        await owner.operator.federation("f", MODEL, policy(2))
        other = await hosting_in(start, tmp_path)()
        request = pb.GetFederationRequest(name="federations/f")
        refusal = await refused_call(other.operator.stub.GetFederation(request))
        assert refusal.metadata["owner"] == f"127.0.0.1:{owner.running.lifecycle.port}"


class TestOperators:
    async def test_deleting_ends_the_sessions_with_ok_and_the_round_with_them(self, hosting: Hosting) -> None:
        host = await hosting()
        federation, (first, second) = await host.operator.gathering("f", MODEL, policy(2), 2)
        start, _ = await first.task()
        update = first.update(start, DELTA)
        await first.announce(update)
        await first.until("resume")
        await federation.stub.DeleteFederation(pb.DeleteFederationRequest(name=federation.name))
        for participant in (first, second):
            finished = await participant.until("finished")
            assert finished.why == pb.FINISH_REASON_DELETED
            assert not finished.HasField("model")
            assert await participant.read() is None
        assert not (host.state_dir / "federations" / "f").exists()

    async def test_a_pause_lets_the_open_round_end_and_starts_no_other(self, hosting: Hosting) -> None:
        host = await hosting()
        federation, participants = await host.operator.gathering("f", MODEL, policy(2, rounds=2), 2)
        await federation.stub.PauseFederation(pb.PauseFederationRequest(name=federation.name))
        await asyncio.gather(*(participant.train(DELTA) for participant in participants))
        await participants[0].until("round_result")
        assert (await federation.get()).state == pb.FEDERATION_STATE_PAUSED
        assert host.live("f").state.open is None
        await federation.stub.ResumeFederation(pb.ResumeFederationRequest(name=federation.name))
        start, _ = await participants[0].task()
        assert start.round == 2

    async def test_several_federations_at_once_do_not_meet(self, hosting: Hosting) -> None:
        host = await hosting()
        scenes = [await host.operator.gathering(f"f{n}", np.full(3, n, "<f4"), policy(2), 2) for n in range(3)]
        work = [p.train([1, 1, 1]) for _, participants in scenes for p in participants]
        await asyncio.gather(*work)
        for n, (federation, participants) in enumerate(scenes):
            await participants[0].until("finished")
            assert (await model_of(federation)).tolist() == [n + 1.0] * 3


def full(*_: Any) -> None:
    raise StorageFull(Path("volume"))


class TestFullDisk:
    async def test_an_update_that_cannot_be_written_is_not_acknowledged(
        self, hosting: Hosting, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        host = await hosting()
        federation, (first, second) = await host.operator.gathering("f", MODEL, policy(2), 2)
        start, _ = await first.task()
        with monkeypatch.context() as crowded:
            crowded.setattr(Draft, "append", full)
            await first.announce(first.update(start, DELTA))
            await first.until("resume")
            for chunk in chunks_of(DELTA.tobytes()):
                await first.send(chunk=chunk)
            refusal = await refused(first)
            assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "STORAGE_FULL")
        assert not (await first.join()).HasField("last_ack")
        assert (await first.upload(first.update(start, DELTA))).status == pb.UPDATE_ACK_STATUS_COUNTED
        await second.train(DELTA)
        await first.until("finished")
        assert (await federation.rounds())[0].counted == 2

    async def test_an_update_that_cannot_be_journaled_is_not_acknowledged_and_leaves_nothing(
        self, hosting: Hosting, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        host = await hosting()
        _, (first, _) = await host.operator.gathering("f", MODEL, policy(2), 2)
        start, _ = await first.task()
        with monkeypatch.context() as crowded:
            crowded.setattr(Journal, "commit", full)
            await first.announce(first.update(start, DELTA))
            await first.until("resume")
            for chunk in chunks_of(DELTA.tobytes()):
                await first.send(chunk=chunk)
            assert (await refused(first)).reason == "STORAGE_FULL"
        opened = host.live("f").state.open
        assert opened is not None
        assert not opened.contributions
        assert not (await first.join()).HasField("last_ack")
        assert not list((host.live("f").folder.path / "updates").iterdir())

    async def test_a_model_that_cannot_be_written_is_aggregated_again_when_there_is_room(
        self, hosting: Hosting, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("mfn_server.federation.live.chores.SHORTEST_WAIT_S", 0.001)
        host = await hosting()
        federation, participants = await host.operator.gathering("f", MODEL, policy(2, rounds=1), 2)
        await participants[0].train(DELTA)
        failures = 3
        append = Draft.append

        def crowded(draft: Draft, data: bytes) -> None:
            nonlocal failures
            if draft.key.startswith("model") and failures:
                failures -= 1
                raise StorageFull(Path("volume"))
            append(draft, data)

        monkeypatch.setattr(Draft, "append", crowded)
        await participants[1].train(DELTA)
        await participants[0].until("finished")
        assert failures == 0
        assert (await model_of(federation) == DELTA).all()

    async def test_a_federation_can_be_deleted_to_make_room(
        self, hosting: Hosting, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        host = await hosting()
        federation, (first, _) = await host.operator.gathering("f", MODEL, policy(2), 2)
        monkeypatch.setattr(Journal, "commit", full)
        await federation.stub.DeleteFederation(pb.DeleteFederationRequest(name=federation.name))
        assert (await refused(first)).reason == "RESOURCE_NOT_FOUND"
        assert not (host.state_dir / "federations" / "f").exists()

    async def test_a_deadline_that_cannot_be_journaled_is_kept_until_there_is_room(
        self, hosting: Hosting, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("mfn_server.federation.live.actor.RETRY_S", 0.001)
        host = await hosting()
        federation, _ = await host.operator.gathering("f", MODEL, policy(2, rounds=2), 2)
        live = host.live("f")
        attempts = 0

        def crowded(*_: Any) -> None:
            nonlocal attempts
            attempts += 1
            full()

        with monkeypatch.context() as without_room:
            without_room.setattr(Journal, "commit", crowded)
            live._actor.post(RoundDeadline(1, at=0.0))
            await eventually(lambda: attempts > 2)
            assert live.state.round == 1
        await eventually(lambda: live.state.round == 2)
        assert [each.round for each in await federation.rounds()] == [2, 1]


async def test_a_participant_of_one_server_is_unknown_to_an_operator_of_none(hosting: Hosting) -> None:
    """A name that no federation has is not found, however often it is asked for."""
    host = await hosting()
    operator = Operator(host.running.channel)
    for _ in range(2):
        refusal = await refused_call(operator.stub.GetFederation(pb.GetFederationRequest(name="federations/none")))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
