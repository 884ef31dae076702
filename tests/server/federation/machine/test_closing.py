from collections.abc import Callable

import pytest

from mfn_server.federation.machine.actions import Aggregate, Conclude, Discard, PayloadKey, TimerKind
from mfn_server.federation.machine.policy import RoundPolicy
from mfn_server.federation.machine.records import RoundState, SkipReason, VerdictKind, VerdictReason
from tests.server.federation.machine.driving import Federation, digest, model


def test_a_round_closes_when_the_target_is_reached() -> None:
    federation = Federation(RoundPolicy(target_participants=2, over_selection=1.0), "ada", "ben", "cyd", "dee")
    federation.send("cyd")
    assert federation.of(Aggregate) == []
    federation.send("ada")
    (handed,) = federation.of(Aggregate)
    assert [weighted.contribution.participant for weighted in handed.contributions] == ["ada", "cyd"]
    assert (handed.round, handed.base) == (1, model(0))
    assert [(weighted.staleness, weighted.weight) for weighted in handed.contributions] == [(0, 1.0)] * 2


def test_a_round_waits_until_the_deadline_for_one_whose_network_broke() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben", "cyd")
    federation.disconnect("cyd")
    federation.send("ada", "ben")
    assert federation.of(Aggregate) == []
    federation.time_out(TimerKind.ROUND)
    assert len(federation.of(Aggregate)) == 1


def test_a_round_does_not_wait_for_one_who_was_removed() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben", "cyd")
    federation.send("ada", "ben")
    federation.remove("cyd")
    assert len(federation.of(Aggregate)) == 1
    federation.aggregate()
    assert federation.verdicts()["cyd"].reason is VerdictReason.DISCONNECTED


def test_an_acknowledged_update_counts_though_its_participant_was_removed() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    federation.send("ada")
    federation.remove("ada")
    federation.send("ben")
    (handed,) = federation.of(Aggregate)
    assert [weighted.contribution.participant for weighted in handed.contributions] == ["ada", "ben"]
    federation.aggregate()
    assert federation.verdicts()["ada"].kind is VerdictKind.ACCEPTED


def test_a_round_without_a_quorum_is_skipped_at_the_deadline() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    federation.send("ada")
    federation.time_out(TimerKind.ROUND)
    verdicts = federation.verdicts()
    assert (verdicts["ada"].kind, verdicts["ada"].reason) == (VerdictKind.REJECTED, VerdictReason.ROUND_SKIPPED)
    assert (verdicts["ben"].kind, verdicts["ben"].reason) == (VerdictKind.MISSING, VerdictReason.SILENT)
    (conclusion,) = federation.of(Conclude)
    assert (conclusion.state, conclusion.model) == (RoundState.SKIPPED, model(0))
    assert conclusion.verdicts == tuple(verdicts[name] for name in ("ada", "ben"))
    assert federation.of(Discard) == [Discard((PayloadKey("ada", 1, digest("ada 1")),))]
    assert (federation.state.skipped_in_row, federation.state.model, federation.state.round) == (1, model(0), 2)
    ada = federation.state.participants["ada"]
    assert (ada.rounds_accepted, ada.rounds_rejected, ada.rounds_missed) == (0, 0, 0)


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (lambda federation: None, VerdictReason.SILENT),
        (lambda federation: federation.disconnect("cyd"), VerdictReason.DISCONNECTED),
        (lambda federation: federation.remove("cyd"), VerdictReason.DISCONNECTED),
        (lambda federation: federation.decline("cyd"), VerdictReason.DECLINED),
    ],
    ids=["silent", "gone", "removed", "declined"],
)
def test_who_sent_nothing_is_missing_for_a_reason(happens: Callable[[Federation], None], reason: VerdictReason) -> None:
    federation = Federation(RoundPolicy(min_participants=1), "ada", "ben", "cyd")
    happens(federation)
    federation.send("ada")
    federation.time_out(TimerKind.ROUND)
    federation.aggregate()
    assert (federation.verdicts()["cyd"].kind, federation.verdicts()["cyd"].reason) == (VerdictKind.MISSING, reason)


def test_the_reason_is_that_of_the_deadline_not_of_the_verdict() -> None:
    federation = Federation(RoundPolicy(min_participants=1), "ada", "ben")
    federation.send("ada")
    federation.time_out(TimerKind.ROUND)
    federation.restart()
    federation.aggregate()
    assert federation.verdicts()["ben"].reason is VerdictReason.SILENT


def test_a_skipped_round_says_why() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    federation.disconnect("ada")
    federation.time_out(TimerKind.ROUND)
    record = federation.record()
    assert (record.state, record.skip_reason, record.counted) == (RoundState.SKIPPED, SkipReason.QUORUM, 0)
    assert record.ended_at == federation.clock
