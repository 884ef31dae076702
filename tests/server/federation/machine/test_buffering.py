from collections.abc import Callable
from math import sqrt

import pytest

from mfn_server.federation.machine.actions import Aggregate, Assign, StartTimer, TimerKind
from mfn_server.federation.machine.admitting import Expected
from mfn_server.federation.machine.events import RoundDeadline
from mfn_server.federation.machine.policy import AsyncBuffer, EvaluationPolicy, LatePolicy, RoundPolicy
from mfn_server.federation.machine.records import Ack, Model, SkipReason, UpdateAckStatus, VerdictKind, VerdictReason
from mfn_server.federation.machine.state import models_in_use
from tests.server.federation.machine.driving import Federation, digest, model


def buffered(*names: str, size: int = 2, staleness: int = 10, max_skipped_rounds: int | None = None) -> Federation:
    buffer = AsyncBuffer(size, staleness)
    policy = RoundPolicy(
        late_updates=LatePolicy.BUFFERED_ASYNC, async_buffer=buffer, max_skipped_rounds=max_skipped_rounds
    )
    return Federation(policy, *names)


def handed_over(federation: Federation) -> list[tuple[str, int, int]]:
    """Who is in the buffer that was just handed over, with the claim's round and its lag."""
    (handed,) = federation.of(Aggregate)
    return [(w.contribution.participant, w.contribution.round, w.staleness) for w in handed.contributions]


def asked(*names: str, number: int, selected: bool = True) -> Assign:
    return Assign(names, number, model(number - 1), selected=selected, timed=False)


def test_everybody_connected_is_asked_and_no_deadline_runs() -> None:
    federation = buffered("ada", "ben", "cyd")
    assert federation.of(Assign) == [asked("ada", "ben", "cyd", number=1)]
    assert federation.of(StartTimer) == []
    federation.happen(RoundDeadline(1, 9.0))
    assert federation.of(Aggregate) == []


def test_the_model_moves_when_the_buffer_is_full_and_those_who_sent_are_asked_again() -> None:
    federation = buffered("ada", "ben", "cyd")
    federation.send("ada")
    assert federation.of(Assign) == []
    federation.send("cyd")
    assert handed_over(federation) == [("ada", 1, 0), ("cyd", 1, 0)]
    federation.aggregate()
    assert federation.of(Assign) == [asked("ada", "cyd", number=2)]
    assert set(federation.verdicts()) == {"ada", "cyd"}


def test_an_update_of_an_older_round_counts_in_the_open_one_and_weighs_less() -> None:
    federation = buffered("ada", "ben", "cyd")
    federation.send("ada", "cyd")
    federation.aggregate()
    federation.send("ada", "cyd")
    federation.aggregate()
    assert federation.send("ben", number=1) == Ack(1, digest("ben 1"), UpdateAckStatus.DEFERRED, 3)
    federation.send("ada")
    (handed,) = federation.of(Aggregate)
    weights = {w.contribution.participant: w.weight for w in handed.contributions}
    # One rounding of the square root against one of the power.
    assert weights == {"ada": 1.0, "ben": pytest.approx(1 / sqrt(3), rel=1e-15)}
    federation.aggregate()
    assert federation.verdicts()["ben"].detail == "deferred from round 1"
    assert federation.verdicts()["ben"].round == 3


def test_an_update_that_comes_while_the_rule_is_at_work_counts_in_the_next_round() -> None:
    federation = buffered("ada", "ben", "cyd")
    federation.send("ada", "cyd")
    assert federation.send("ben") == Ack(1, digest("ben 1"), UpdateAckStatus.DEFERRED, 2)
    federation.aggregate()
    # Ben has his part in round 2 already.
    assert federation.of(Assign) == [asked("ada", "cyd", number=2)]
    federation.send("ada")
    assert handed_over(federation) == [("ada", 2, 0), ("ben", 1, 1)]


def test_who_lags_too_far_is_asked_anew_and_what_it_sends_then_is_late() -> None:
    federation = buffered("ada", "ben", "cyd", staleness=1)
    for _ in range(2):
        federation.send("ada", "cyd")
        federation.aggregate()
    assert federation.of(Assign) == [asked("ada", "ben", "cyd", number=3)]
    verdict = federation.verdicts()["ben"]
    assert (verdict.round, verdict.kind, verdict.reason) == (1, VerdictKind.MISSING, VerdictReason.STALE)
    assert federation.send("ben", number=1) == Ack(1, digest("ben 1"), UpdateAckStatus.LATE)
    assert federation.admit("ben", 3) == Expected(3)


def test_an_update_on_its_way_when_it_became_stale_is_rejected_as_such() -> None:
    federation = buffered("ada", "ben", "cyd", "dee", staleness=0)
    federation.send("ada", "cyd")
    federation.disconnect("ben")
    federation.aggregate()
    assert federation.send("ben", number=1) == Ack(1, digest("ben 1"), UpdateAckStatus.LATE)
    verdict = federation.verdicts()["ben"]
    assert (verdict.round, verdict.kind, verdict.reason) == (1, VerdictKind.LATE, VerdictReason.STALE)
    assert federation.state.participants["ben"].rounds_missed == 1


@pytest.mark.parametrize(
    "forgotten", [lambda f: f.send("ben", number=1), lambda f: f.connect("ben")], ids=["sent", "reconnected"]
)
def test_a_stale_update_is_late_however_often_it_comes_while_its_round_is_evaluated(
    forgotten: Callable[[Federation], None],
) -> None:
    buffer = AsyncBuffer(2, max_staleness_versions=0)
    evaluation = EvaluationPolicy()
    policy = RoundPolicy(late_updates=LatePolicy.BUFFERED_ASYNC, async_buffer=buffer, evaluation=evaluation)
    federation = Federation(policy, "ada", "ben", "cyd")
    federation.send("ada", "cyd")
    federation.aggregate()
    forgotten(federation)
    assert federation.send("ben", number=1) == Ack(1, digest("ben 1"), UpdateAckStatus.LATE)


def test_who_reconnects_goes_on_with_its_task() -> None:
    federation = buffered("ada", "ben", "cyd")
    federation.disconnect("ben")
    federation.send("ada", "cyd")
    federation.aggregate()
    federation.connect("ben")
    assert federation.of(Assign) == [asked("ben", number=1)]
    assert {used.version for used in models_in_use(federation.state)} == {0, 1}


def test_who_reconnects_with_a_stale_task_gets_another() -> None:
    federation = buffered("ada", "ben", "cyd", staleness=0)
    federation.disconnect("ben")
    federation.send("ada", "cyd")
    federation.aggregate()
    federation.connect("ben")
    assert federation.of(Assign) == [asked("ben", number=2)]
    assert federation.verdicts()["ben"].reason is VerdictReason.STALE


def test_who_has_sent_for_the_open_round_is_not_asked_when_it_reconnects() -> None:
    federation = buffered("ada", "ben", "cyd", size=3)
    federation.send("ada")
    federation.disconnect("ada")
    federation.connect("ada")
    assert federation.of(Assign) == [asked("ada", number=1, selected=False)]


def test_a_task_given_back_is_handed_out_again_with_the_next_round() -> None:
    federation = buffered("ada", "ben", "cyd")
    federation.decline("ben")
    federation.send("ada", "cyd")
    federation.aggregate()
    assert federation.of(Assign) == [asked("ada", "ben", "cyd", number=2)]
    verdict = federation.verdicts()["ben"]
    assert (verdict.round, verdict.reason) == (1, VerdictReason.DECLINED)


def test_a_buffer_that_nobody_can_fill_is_handed_over_with_its_quorum() -> None:
    federation = buffered("ada", "ben", "cyd", size=4)
    federation.send("ada", "ben")
    federation.decline("cyd")
    assert handed_over(federation) == [("ada", 1, 0), ("ben", 1, 0)]


def test_those_whose_network_broke_are_waited_for_while_others_stall() -> None:
    federation = buffered("ada", "ben", "cyd", size=4)
    federation.disconnect("cyd")
    federation.send("ada", "ben")
    assert federation.of(StartTimer) == [StartTimer(TimerKind.STALL, 1, 600.0)]
    federation.time_out(TimerKind.STALL)
    assert handed_over(federation) == [("ada", 1, 0), ("ben", 1, 0)]


def test_who_comes_back_in_time_is_still_waited_for() -> None:
    federation = buffered("ada", "ben", "cyd", size=4)
    federation.disconnect("cyd")
    federation.send("ada", "ben")
    federation.connect("cyd")
    federation.time_out(TimerKind.STALL)
    assert federation.of(Aggregate) == []
    federation.send("cyd")
    assert len(handed_over(federation)) == 3


def test_when_all_gave_their_tasks_back_they_are_asked_again_after_a_while() -> None:
    federation = buffered("ada", "ben")
    federation.send("ada")
    federation.decline("ben")
    assert federation.of(StartTimer) == [StartTimer(TimerKind.STALL, 1, 600.0)]
    federation.time_out(TimerKind.STALL)
    assert federation.of(Assign) == [asked("ben", number=1)]
    federation.send("ben")
    assert len(handed_over(federation)) == 2


def test_who_gave_its_task_back_gets_it_again_when_it_reconnects() -> None:
    federation = buffered("ada", "ben")
    federation.decline("ben")
    federation.disconnect("ben")
    federation.connect("ben")
    assert federation.of(Assign) == [asked("ben", number=1)]


def test_a_restart_has_the_wait_for_those_gone_begin_anew() -> None:
    federation = buffered("ada", "ben", "cyd", size=4)
    federation.send("ada", "ben")
    federation.restart()
    assert federation.of(StartTimer) == [StartTimer(TimerKind.STALL, 1, 600.0)]


def test_a_removed_participant_leaves_its_task_unfinished() -> None:
    federation = buffered("ada", "ben", "cyd")
    federation.remove("ben")
    verdict = federation.verdicts()["ben"]
    assert (verdict.round, verdict.kind, verdict.reason) == (1, VerdictKind.MISSING, VerdictReason.DISCONNECTED)


def test_at_the_end_open_tasks_are_judged_and_waiting_updates_told_that_they_count_nowhere() -> None:
    federation = buffered("ada", "ben", "cyd", "dee", max_skipped_rounds=1)
    federation.send("ada", "cyd")
    federation.send("ben")
    federation.disconnect("dee")
    federation.aggregate(SkipReason.NOT_FINITE)
    verdicts = federation.verdicts()
    assert (verdicts["ben"].kind, verdicts["ben"].reason) == (VerdictKind.LATE, VerdictReason.ROUND_SKIPPED)
    assert (verdicts["dee"].kind, verdicts["dee"].reason) == (VerdictKind.MISSING, VerdictReason.DISCONNECTED)
    assert models_in_use(federation.state) == {Model(0, model(0).sha256)}
