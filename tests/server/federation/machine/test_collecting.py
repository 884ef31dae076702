from dataclasses import replace
from itertools import permutations

import pytest

from mfn_server.federation.machine.actions import (
    Acknowledge,
    Aggregate,
    Assign,
    Discard,
    PayloadKey,
    RoundEnded,
    TimerKind,
    UpdateReceived,
    VerdictGiven,
)
from mfn_server.federation.machine.events import RoundDeadline, UpdateDurable
from mfn_server.federation.machine.policy import EvaluationPolicy, LatePolicy, RoundPolicy
from mfn_server.federation.machine.records import (
    Ack,
    RoundState,
    SkipReason,
    UpdateAckStatus,
    VerdictKind,
    VerdictReason,
)
from tests.server.federation.machine.driving import Federation, digest, model

NEXT_ROUND = RoundPolicy(min_participants=1, late_updates=LatePolicy.NEXT_ROUND)


def after_the_deadline(policy: RoundPolicy) -> Federation:
    """Ada has sent, Ben has not, and the rule is at work on round 1."""
    federation = Federation(policy, "ada", "ben")
    federation.send("ada")
    federation.time_out(TimerKind.ROUND)
    return federation


def handed_over(federation: Federation) -> list[tuple[str, int]]:
    """Who takes part in the round just closed, and with an update of which round."""
    (handed,) = federation.of(Aggregate)
    return [(weighted.contribution.participant, weighted.contribution.round) for weighted in handed.contributions]


def test_a_durable_update_is_acknowledged_and_told() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    ack = Ack(1, digest("ada 1"), UpdateAckStatus.COUNTED)
    assert federation.send("ada") == ack
    assert federation.of(Acknowledge) == [Acknowledge("ada", ack)]
    assert federation.told(UpdateReceived) == [UpdateReceived("ada", ack, 8)]
    assert federation.state.participants["ada"].last_ack == ack


@pytest.mark.parametrize("payload", ["ada 1", "another"])
def test_a_second_update_for_a_round_is_a_duplicate_of_the_one_that_counts(payload: str) -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    federation.send("ada")
    assert federation.send("ada", payload=payload) == Ack(1, digest("ada 1"), UpdateAckStatus.DUPLICATE)
    assert federation.told(UpdateReceived) == []
    # The payload of the one that counts is shared by the same update sent again, so only another one goes.
    spare = [] if payload == "ada 1" else [Discard((PayloadKey("ada", 1, digest("another")),))]
    assert federation.of(Discard) == spare
    federation.send("ben")
    assert handed_over(federation) == [("ada", 1), ("ben", 1)]


def test_an_update_of_a_round_long_over_is_still_known_as_a_duplicate() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    for _ in range(3):
        federation.send("ada", "ben")
        federation.aggregate()
    assert federation.send("ada", number=1) == Ack(1, digest("ada 1"), UpdateAckStatus.DUPLICATE)
    assert federation.state.participants["ada"].last_ack == Ack(3, digest("ada 3"), UpdateAckStatus.COUNTED)


def test_the_order_of_arrival_leaves_no_trace() -> None:
    def contributions(order: tuple[str, ...]) -> list[tuple[str, bytes, float]]:
        federation = Federation(RoundPolicy(), "ada", "ben", "cyd")
        federation.send(*order)
        (handed,) = federation.of(Aggregate)
        return [(w.contribution.participant, w.contribution.payload_sha256, w.weight) for w in handed.contributions]

    orders = [contributions(order) for order in permutations(("ada", "ben", "cyd"))]
    assert all(handed == orders[0] for handed in orders)
    assert [name for name, *_ in orders[0]] == ["ada", "ben", "cyd"]


def test_after_the_deadline_an_update_is_late_when_late_ones_are_rejected() -> None:
    federation = after_the_deadline(RoundPolicy(min_participants=1))
    assert federation.send("ben") == Ack(1, digest("ben 1"), UpdateAckStatus.LATE)
    assert federation.of(Discard) == [Discard((PayloadKey("ben", 1, digest("ben 1")),))]
    federation.aggregate()
    verdict = federation.verdicts()["ben"]
    assert (verdict.kind, verdict.reason) == (VerdictKind.LATE, VerdictReason.DEADLINE)
    assert verdict.payload_sha256 == digest("ben 1")
    assert federation.state.participants["ben"].rounds_missed == 1


def test_after_the_deadline_an_update_is_deferred_when_late_ones_go_to_the_next_round() -> None:
    federation = after_the_deadline(NEXT_ROUND)
    assert federation.send("ben") == Ack(1, digest("ben 1"), UpdateAckStatus.DEFERRED, 2)
    federation.aggregate()
    assert federation.verdicts()["ben"].kind is VerdictKind.DEFERRED
    federation.send("ada")
    # The round waits for what Ben sends for it, until the deadline.
    assert federation.of(Aggregate) == []
    federation.time_out(TimerKind.ROUND)
    assert handed_over(federation) == [("ada", 2), ("ben", 1)]
    federation.aggregate()
    assert federation.verdicts()["ben"].kind is VerdictKind.ACCEPTED
    assert federation.verdicts()["ben"].detail == "deferred from round 1"
    assert federation.state.participants["ben"].rounds_accepted == 1
    assert federation.state.participants["ben"].rounds_missed == 0


def test_an_update_deferred_after_the_verdicts_changes_its_own_to_deferred() -> None:
    federation = after_the_deadline(NEXT_ROUND)
    federation.aggregate()
    assert federation.verdicts()["ben"].kind is VerdictKind.MISSING
    assert federation.state.participants["ben"].rounds_missed == 1
    assert federation.send("ben", number=1) == Ack(1, digest("ben 1"), UpdateAckStatus.DEFERRED, 2)
    assert federation.verdicts()["ben"].kind is VerdictKind.DEFERRED
    assert federation.state.participants["ben"].rounds_missed == 0


def test_a_deferred_update_gives_way_to_one_sent_for_the_round_itself() -> None:
    federation = after_the_deadline(NEXT_ROUND)
    federation.send("ben")
    federation.aggregate()
    assert federation.send("ben") == Ack(2, digest("ben 2"), UpdateAckStatus.COUNTED)
    verdict = federation.verdicts()["ben"]
    assert (verdict.round, verdict.kind, verdict.payload_sha256) == (1, VerdictKind.LATE, digest("ben 1"))
    assert federation.of(Discard) == [Discard((PayloadKey("ben", 1, digest("ben 1")),))]
    federation.send("ada")
    assert handed_over(federation) == [("ada", 2), ("ben", 2)]


def test_a_late_update_does_not_push_out_one_sent_for_the_round_itself() -> None:
    federation = after_the_deadline(NEXT_ROUND)
    federation.aggregate()
    federation.send("ben")
    assert federation.send("ben", number=1) == Ack(1, digest("ben 1"), UpdateAckStatus.LATE)


def test_an_update_two_rounds_late_does_not_count() -> None:
    federation = after_the_deadline(NEXT_ROUND)
    federation.aggregate()
    federation.send("ada")
    federation.time_out(TimerKind.ROUND)
    assert federation.send("ben", number=1) == Ack(1, digest("ben 1"), UpdateAckStatus.LATE)


def test_no_one_counts_twice_in_a_row_by_being_late_twice() -> None:
    federation = after_the_deadline(NEXT_ROUND)
    federation.send("ben")
    federation.aggregate()
    federation.send("ada")
    federation.time_out(TimerKind.ROUND)
    # Round 2 counts what Ben sent for round 1.
    assert federation.send("ben") == Ack(2, digest("ben 2"), UpdateAckStatus.LATE)


def test_after_the_last_round_nothing_is_deferred() -> None:
    federation = after_the_deadline(replace(NEXT_ROUND, max_rounds=1))
    assert federation.send("ben") == Ack(1, digest("ben 1"), UpdateAckStatus.LATE)


def test_a_deferred_update_survives_a_skipped_round_and_a_pause() -> None:
    federation = after_the_deadline(NEXT_ROUND)
    federation.send("ben")
    federation.disconnect("ada", "ben")
    federation.aggregate(SkipReason.SCREENED_BEYOND_F)
    assert federation.state.open is None
    federation.restart()
    federation.connect("ada")
    federation.send("ada")
    assert handed_over(federation) == [("ada", 2), ("ben", 1)]


def test_a_task_given_back_is_not_waited_for() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben", "cyd")
    federation.send("ada", "ben")
    federation.decline("cyd")
    assert handed_over(federation) == [("ada", 1), ("ben", 1)]
    federation.aggregate()
    assert federation.verdicts()["cyd"].reason is VerdictReason.DECLINED


def test_who_gave_its_task_back_may_still_send() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben", "cyd")
    federation.decline("cyd")
    assert federation.send("cyd") == Ack(1, digest("cyd 1"), UpdateAckStatus.COUNTED)
    federation.send("ada", "ben")
    assert handed_over(federation) == [("ada", 1), ("ben", 1), ("cyd", 1)]


def test_a_round_in_which_all_gave_their_tasks_back_is_skipped_at_its_deadline() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    federation.decline("ada")
    federation.decline("ben")
    assert federation.state.round == 1
    federation.happen(RoundDeadline(1, 9.0))
    assert federation.state.round == 2
    assert {verdict.reason for verdict in federation.verdicts().values()} == {VerdictReason.DECLINED}
    (ended,) = federation.told(RoundEnded)
    assert ended.record.skip_reason is SkipReason.QUORUM


def test_a_round_that_is_short_of_its_quorum_waits_for_those_who_may_change_their_minds() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    federation.decline("ada")
    federation.send("ben")
    assert federation.state.round == 1
    federation.send("ada")
    assert handed_over(federation) == [("ada", 1), ("ben", 1)]


def test_a_round_does_not_wait_for_one_who_said_goodbye() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben", "cyd")
    federation.send("ada", "ben")
    federation.disconnect("cyd", goodbye=True)
    assert handed_over(federation) == [("ada", 1), ("ben", 1)]
    federation.aggregate()
    assert federation.verdicts()["cyd"].reason is VerdictReason.DISCONNECTED


def test_a_round_waits_for_one_whose_connection_broke() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben", "cyd")
    federation.send("ada", "ben")
    federation.disconnect("cyd")
    assert federation.of(Aggregate) == []


def test_who_said_goodbye_may_come_back_and_send() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben", "cyd")
    federation.disconnect("cyd", goodbye=True)
    federation.send("ada")
    federation.connect("cyd")
    assert federation.of(Assign) == [Assign(("cyd",), 1, model(0), selected=True, timed=True)]
    federation.send("ben")
    assert federation.of(Aggregate) == []
    federation.send("cyd")
    assert handed_over(federation) == [("ada", 1), ("ben", 1), ("cyd", 1)]


def test_a_restart_forgets_no_goodbye() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben", "cyd")
    federation.disconnect("cyd", goodbye=True)
    federation.restart()
    federation.connect("ada", "ben")
    federation.send("ada", "ben")
    assert handed_over(federation) == [("ada", 1), ("ben", 1)]


@pytest.mark.parametrize("late_updates", [LatePolicy.REJECT, LatePolicy.NEXT_ROUND])
@pytest.mark.parametrize("durable", [True, False])
def test_an_update_too_late_for_its_verdict_changes_it_from_missing_to_late(
    late_updates: LatePolicy, durable: bool
) -> None:
    """Under NEXT_ROUND that is so in the last round, after which there is none to count in."""
    evaluation, able = EvaluationPolicy(), ("ada", "ben")
    federation = Federation(
        RoundPolicy(min_participants=1, max_rounds=1, late_updates=late_updates, evaluation=evaluation), *able
    )
    federation.send("ada")
    federation.time_out(TimerKind.ROUND)
    federation.aggregate()
    assert federation.verdicts()["ben"].kind is VerdictKind.MISSING
    ack = federation.send("ben") if durable else federation.announce_late("ben")
    assert ack == Ack(1, digest("ben 1"), UpdateAckStatus.LATE)
    (told,) = federation.told(VerdictGiven)
    verdict = federation.verdicts()["ben"]
    assert told.verdict == verdict
    assert (verdict.kind, verdict.reason, verdict.round) == (VerdictKind.LATE, VerdictReason.DEADLINE, 1)
    assert (verdict.payload_sha256, verdict.num_examples) == (digest("ben 1"), 10)
    assert (verdict.received_at is not None) == durable
    assert federation.state.participants["ben"].rounds_missed == 1
    assert federation.announce_late("ben", payload="another") == Ack(1, digest("another"), UpdateAckStatus.LATE)
    assert federation.told(VerdictGiven) == []


def test_an_update_announced_too_late_is_in_the_verdicts_of_the_round_that_is_being_judged() -> None:
    federation = after_the_deadline(RoundPolicy(min_participants=1))
    federation.announce_late("ben")
    assert federation.told(VerdictGiven) == []
    federation.aggregate()
    verdict = federation.verdicts()["ben"]
    assert (verdict.kind, verdict.payload_sha256) == (VerdictKind.LATE, digest("ben 1"))


def test_a_late_update_leaves_the_verdict_on_what_counted_in_its_round_alone() -> None:
    federation = after_the_deadline(NEXT_ROUND)
    federation.send("ben")
    federation.aggregate()
    federation.send("ada")
    federation.time_out(TimerKind.ROUND)
    federation.aggregate()
    assert federation.verdicts()["ben"].kind is VerdictKind.ACCEPTED
    assert federation.announce_late("ben", number=2) == Ack(2, digest("ben 2"), UpdateAckStatus.LATE)
    assert federation.verdicts() == {}


@pytest.mark.parametrize("number", [0, 2])
def test_the_deadline_of_another_round_changes_nothing(number: int) -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    before = federation.state
    assert federation.happen(RoundDeadline(number, 9.0)) == ()
    assert federation.state == before


def test_an_update_of_one_who_was_removed_meanwhile_is_thrown_away() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    federation.remove("ada")
    federation.happen(UpdateDurable("ada", 1, model(0), digest("ada 1"), 8, 10, 9.0))
    assert federation.last == (Discard((PayloadKey("ada", 1, digest("ada 1")),)),)


def test_the_updates_of_a_closed_round_wait_while_the_rule_is_at_work() -> None:
    federation = after_the_deadline(NEXT_ROUND)
    assert federation.state.open is not None
    assert federation.state.open.state is RoundState.AGGREGATING
    assert federation.send("ada", payload="more") == Ack(1, digest("ada 1"), UpdateAckStatus.DUPLICATE)
