from mfn_server.federation.machine.actions import (
    Discard,
    FederationChanged,
    Finish,
    PayloadKey,
    RoundStarted,
    TimerKind,
)
from mfn_server.federation.machine.discarding import payloads_in_use
from mfn_server.federation.machine.events import Deleted, ParticipantEnrolled, Paused
from mfn_server.federation.machine.policy import LatePolicy, RoundPolicy
from mfn_server.federation.machine.records import (
    FederationState,
    FinishReason,
    SkipReason,
    VerdictKind,
    VerdictReason,
)
from mfn_server.federation.machine.state import models_in_use
from tests.server.federation.machine.driving import Federation, digest, model


def test_after_the_last_round_everybody_is_told_that_it_is_over() -> None:
    federation = Federation(RoundPolicy(max_rounds=2), "ada", "ben")
    for _ in range(2):
        federation.send("ada", "ben")
        federation.aggregate()
    finish = Finish(("ada", "ben"), FinishReason.MAX_ROUNDS, model(2), None)
    assert federation.of(Finish) == [finish]
    assert federation.told(FederationChanged) == [FederationChanged(FederationState.FINISHED, FinishReason.MAX_ROUNDS)]
    assert federation.state.finished_at == federation.clock
    assert models_in_use(federation.state) == {model(2)}


def test_a_skipped_round_is_a_round() -> None:
    federation = Federation(RoundPolicy(max_rounds=1), "ada", "ben")
    federation.time_out(TimerKind.ROUND)
    assert federation.state.finish_reason is FinishReason.MAX_ROUNDS


def test_too_many_skipped_rounds_in_a_row_end_it() -> None:
    federation = Federation(RoundPolicy(max_skipped_rounds=2), "ada", "ben")
    federation.time_out(TimerKind.ROUND)
    federation.send("ada", "ben")
    federation.aggregate()
    federation.time_out(TimerKind.ROUND)
    assert federation.state.finish_reason is None
    federation.send("ada", "ben")
    federation.aggregate(SkipReason.PRECONDITION)
    assert federation.state.finish_reason is FinishReason.SKIPPED_ROUNDS


def test_a_paused_federation_may_come_to_its_end() -> None:
    federation = Federation(RoundPolicy(max_rounds=1), "ada", "ben")
    federation.happen(Paused(9.0))
    federation.time_out(TimerKind.ROUND)
    assert federation.state.status is FederationState.FINISHED


def test_what_was_deferred_to_a_round_that_never_comes_is_judged_late() -> None:
    policy = RoundPolicy(min_participants=1, late_updates=LatePolicy.NEXT_ROUND, max_skipped_rounds=1)
    federation = Federation(policy, "ada", "ben")
    federation.send("ada")
    federation.time_out(TimerKind.ROUND)
    federation.send("ben")
    assert PayloadKey("ben", 1, digest("ben 1")) in payloads_in_use(federation.state)
    federation.aggregate(SkipReason.NOT_FINITE)
    verdict = federation.verdicts()["ben"]
    assert (verdict.round, verdict.kind, verdict.reason) == (1, VerdictKind.LATE, VerdictReason.ROUND_SKIPPED)
    assert federation.of(Discard)[-1] == Discard((PayloadKey("ben", 1, digest("ben 1")),))
    assert federation.state.participants["ben"].rounds_missed == 1
    assert payloads_in_use(federation.state) == frozenset()


def test_deleting_ends_everything_at_once() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    federation.send("ada")
    federation.happen(Deleted(9.0))
    assert federation.of(Finish) == [Finish(("ada", "ben"), FinishReason.DELETED, None, None)]
    assert federation.told(FederationChanged) == [FederationChanged(FederationState.FINISHED, FinishReason.DELETED)]
    assert (federation.state.open, payloads_in_use(federation.state)) == (None, frozenset())
    assert federation.happen(Deleted(9.0)) == ()


def test_a_finished_federation_can_be_deleted_and_starts_nothing_more() -> None:
    federation = Federation(RoundPolicy(max_rounds=1), "ada", "ben")
    federation.time_out(TimerKind.ROUND)
    assert federation.happen(ParticipantEnrolled("cyd", 9.0)) == ()
    federation.connect("ada")
    assert federation.told(RoundStarted) == []
    federation.happen(Deleted(9.0))
    assert federation.state.finish_reason is FinishReason.DELETED
