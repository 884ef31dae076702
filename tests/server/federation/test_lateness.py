"""Deadlines, and what becomes of those who miss them."""

import asyncio

import numpy as np

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.federation.machine.events import RoundDeadline
from tests.server.federation.hosting import Host, Hosting
from tests.server.federation.policies import policy
from tests.server.federation.scripted import Federation, Participant

MODEL = np.zeros(2, "<f4")


async def scene(hosting: Hosting, found: pb.FederationPolicy, count: int) -> tuple[Host, Federation, list[Participant]]:
    host = await hosting()
    return host, *await host.operator.gathering("f", MODEL, found, count)


async def test_a_round_ends_at_its_deadline_with_those_who_made_the_quorum(hosting: Hosting) -> None:
    host, federation, participants = await scene(hosting, policy(2), 3)
    starts = [await participant.task() for participant in participants]
    for participant, (start, _) in zip(participants[:2], starts, strict=False):
        await participant.upload(participant.update(start, [2, 4]))
    await host.live("f").submit(RoundDeadline(1, at=0.0))
    result = await participants[2].until("round_result")
    assert (result.state, result.verdict.kind) == (pb.ROUND_STATE_DONE, pb.VERDICT_KIND_MISSING)
    assert result.verdict.reason == pb.VERDICT_REASON_SILENT
    model = np.frombuffer(await federation.download(result.model), "<f4")
    assert model.tolist() == [2, 4]


async def test_when_the_timer_is_over_without_a_quorum_the_round_is_skipped(hosting: Hosting) -> None:
    _, federation, participants = await scene(hosting, policy(2, round_deadline_seconds=0.1), 2)
    result = await participants[0].until("round_result")
    assert (result.state, result.verdict.reason) == (pb.ROUND_STATE_SKIPPED, pb.VERDICT_REASON_SILENT)
    (skipped,) = await federation.rounds()
    assert skipped.skip_reason == pb.SKIP_REASON_QUORUM


async def test_a_round_does_not_wait_for_one_who_declines(hosting: Hosting) -> None:
    _, federation, participants = await scene(hosting, policy(2), 3)
    await participants[2].task()
    await participants[2].send(decline=pb.Decline(round=1, why="busy"))
    await asyncio.gather(*(participant.train([1, 1]) for participant in participants[:2]))
    await participants[0].until("finished")
    assert (await federation.verdicts(1))["p2"].reason == pb.VERDICT_REASON_DECLINED


async def test_a_round_in_which_all_decline_is_skipped_at_its_deadline_not_before(hosting: Hosting) -> None:
    host, federation, participants = await scene(hosting, policy(2), 2)
    for participant in participants:
        await participant.task()
        await participant.send(decline=pb.Decline(round=1))
    while not all(task.declined for each in host.live("f").state.participants.values() for task in each.tasks):  # noqa: ASYNC110  # a machine without I/O has no event to wait for
        await asyncio.sleep(0)
    assert (await federation.rounds())[0].state == pb.ROUND_STATE_COLLECTING
    await host.live("f").submit(RoundDeadline(1, at=0.0))
    assert (await participants[0].until("round_result")).state == pb.ROUND_STATE_SKIPPED
    assert {verdict.reason for verdict in (await federation.verdicts(1)).values()} == {pb.VERDICT_REASON_DECLINED}


async def test_a_round_does_not_wait_for_one_who_leaves(hosting: Hosting) -> None:
    _, federation, participants = await scene(hosting, policy(2), 3)
    await participants[2].task()
    await participants[2].leave()
    await asyncio.gather(*(participant.train([1, 1]) for participant in participants[:2]))
    await participants[0].until("finished")
    assert (await federation.verdicts(1))["p2"].reason == pb.VERDICT_REASON_DISCONNECTED


async def late_update(hosting: Hosting, late: pb.LatePolicy) -> tuple[Host, list[Participant], pb.UpdateAck]:
    """p2 answers round 1 only once round 2 is open; how it is acknowledged."""
    host, _, participants = await scene(hosting, policy(2, rounds=2, late_updates=late), 3)
    slow = participants[2]
    start, _ = await slow.task()
    await asyncio.gather(*(participant.train([1, 1]) for participant in participants[:2]))
    await host.live("f").submit(RoundDeadline(1, at=0.0))
    await slow.until("round_result")
    return host, participants, await slow.upload(slow.update(start, [9, 9]))


async def test_late_updates_are_rejected_where_the_policy_says_so(hosting: Hosting) -> None:
    host, participants, ack = await late_update(hosting, pb.LATE_POLICY_REJECT)
    assert (ack.status, ack.round) == (pb.UPDATE_ACK_STATUS_LATE, 1)
    verdict = (await participants[0].federation.verdicts(1))["p2"]
    assert (verdict.kind, verdict.reason) == (pb.VERDICT_KIND_LATE, pb.VERDICT_REASON_DEADLINE)
    assert verdict.payload_sha256 == ack.payload_sha256
    await asyncio.gather(*(participant.train([1, 1]) for participant in participants[:2]))
    await host.live("f").submit(RoundDeadline(2, at=0.0))
    await participants[0].until("finished")
    federation = participants[0].federation
    model = np.frombuffer(await federation.download((await federation.get()).model), "<f4")
    assert model.tolist() == [2, 2]


async def test_late_updates_count_in_the_next_round_where_the_policy_says_so(hosting: Hosting) -> None:
    host, participants, ack = await late_update(hosting, pb.LATE_POLICY_NEXT_ROUND)
    assert (ack.status, ack.round, ack.counts_in_round) == (pb.UPDATE_ACK_STATUS_DEFERRED, 1, 2)
    await asyncio.gather(*(participant.train([1, 1]) for participant in participants[:2]))
    await host.live("f").submit(RoundDeadline(2, at=0.0))  # the slow one might have sent one for this round as well
    await participants[0].until("finished")
    federation = participants[0].federation
    model = np.frombuffer(await federation.download((await federation.get()).model), "<f4")
    assert np.allclose(model, 1 + (1 + 1 + 9) / 3)
    assert (await federation.verdicts(2))["p2"].kind == pb.VERDICT_KIND_ACCEPTED


async def test_buffered_rounds_move_the_model_whenever_the_buffer_is_full(hosting: Hosting) -> None:
    found = policy(2, rounds=2, late_updates=pb.LATE_POLICY_BUFFERED_ASYNC)
    found.async_buffer.buffer_size = 2
    found.async_buffer.staleness_exponent = 1.0
    _, federation, participants = await scene(hosting, found, 3)
    first, second, slow = participants
    start, _ = await slow.task()
    assert not start.HasField("seconds_left")
    await asyncio.gather(first.train([1, 1]), second.train([1, 1]))
    await slow.until("round_result")
    assert (await slow.upload(slow.update(start, [8, 8]))).status in {
        pb.UPDATE_ACK_STATUS_COUNTED,
        pb.UPDATE_ACK_STATUS_DEFERRED,
    }
    await first.train([2, 2])
    await slow.until("finished")
    model = np.frombuffer(await federation.download((await federation.get()).model), "<f4")
    # The slow one lags one version, so it weighs (1 + 1)^-1: half of 8 and 2, averaged, on top of 1.
    assert model.tolist() == [1 + (4 + 2) / 2] * 2
    assert (await federation.verdicts(2))["p2"].norm == np.sqrt(2) * 4


async def test_a_federation_finishes_after_too_many_skipped_rounds(hosting: Hosting) -> None:
    found = policy(2, rounds=100, round_deadline_seconds=0.1, max_skipped_rounds=2)
    _, federation, participants = await scene(hosting, found, 2)
    assert (await participants[0].until("finished")).why == pb.FINISH_REASON_SKIPPED_ROUNDS
    assert [each.skip_reason for each in await federation.rounds()] == [pb.SKIP_REASON_QUORUM] * 2
