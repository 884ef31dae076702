from dataclasses import replace

import pytest

from mfn_server.federation.machine.actions import TimerKind
from mfn_server.federation.machine.admitting import Expected, Refused, Settled, admit, report_fault, round_fault
from mfn_server.federation.machine.events import Deleted, Paused
from mfn_server.federation.machine.policy import EvaluationPolicy, LatePolicy, RoundPolicy
from mfn_server.federation.machine.records import Ack, Claim, Model, SkipReason, UpdateAckStatus
from tests.server.federation.machine.driving import Federation, digest, model


def reason(answer: object) -> str:
    assert isinstance(answer, Refused)
    return answer.reason


def late(name: str, number: int) -> Settled:
    return Settled(Ack(number, digest(f"{name} {number}"), UpdateAckStatus.LATE))


def test_an_update_that_was_asked_for_is_expected() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    assert federation.admit("ada") == Expected(1)


def test_asking_changes_nothing_and_the_answer_after_the_bytes_is_the_same() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    before = federation.state
    federation.admit("ada")
    assert federation.state == before
    federation.send("ada")
    duplicate = Settled(Ack(1, digest("ada 1"), UpdateAckStatus.DUPLICATE))
    assert federation.admit("ada") == federation.admit("ada", payload="another") == duplicate


def test_only_the_enrolled_are_admitted() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    assert reason(federation.admit("eve")) == "NOT_ENROLLED"


def test_only_the_selected_are_admitted() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    federation.enrol("cyd")
    federation.connect("cyd")
    assert reason(federation.admit("cyd")) == "NOT_SELECTED"


@pytest.mark.parametrize("number", [-1, 2, 99])
def test_a_round_that_has_not_started_is_a_mismatch(number: int) -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    answer = federation.admit("ada", number)
    assert reason(answer) == "ROUND_MISMATCH"
    assert isinstance(answer, Refused)
    assert answer.metadata == (("round", "1"),)


def test_before_the_model_there_is_no_round() -> None:
    federation = Federation(RoundPolicy())
    federation.enrol("ada")
    assert reason(admit(federation.state, "ada", Claim(1, model(0), b""))) == "ROUND_MISMATCH"


@pytest.mark.parametrize("wrong", [model(1), Model(0, digest("forged"))])
def test_another_model_than_the_rounds_is_a_mismatch(wrong: Model) -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    claim = replace(federation.claim("ada"), model=wrong)
    assert reason(admit(federation.state, "ada", claim)) == "MODEL_VERSION_MISMATCH"


def test_while_paused_or_finished_no_further_round_is_open() -> None:
    federation = Federation(RoundPolicy(max_rounds=1), "ada", "ben")
    federation.happen(Paused(9.0))
    assert federation.admit("ada") == Expected(1)
    assert reason(federation.admit("ada", 2)) == "FEDERATION_NOT_RUNNING"
    federation.send("ada")
    federation.time_out(TimerKind.ROUND)
    assert reason(federation.admit("ada", 2)) == "FEDERATION_NOT_RUNNING"
    assert federation.admit("ben", 1) == late("ben", 1)


def test_of_a_deleted_federation_nothing_is_admitted() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    federation.send("ada")
    federation.happen(Deleted(9.0))
    assert reason(federation.admit("ada")) == reason(federation.admit("ben")) == "FEDERATION_NOT_RUNNING"


@pytest.mark.parametrize("after", ["deadline", "verdict", "start of the next"])
@pytest.mark.parametrize("late_updates", [LatePolicy.REJECT, LatePolicy.NEXT_ROUND])
def test_what_becomes_of_a_late_update_follows_from_the_policy(late_updates: LatePolicy, after: str) -> None:
    federation = Federation(RoundPolicy(min_participants=1, late_updates=late_updates), "ada", "ben")
    federation.send("ada")
    federation.time_out(TimerKind.ROUND)
    if after == "verdict":
        federation.happen(Paused(9.0))
    if after != "deadline":
        federation.aggregate(SkipReason.PRECONDITION)
    expected = late("ben", 1) if late_updates is LatePolicy.REJECT else Expected(2)
    assert federation.admit("ben", 1) == expected


def test_a_round_long_over_is_no_fault() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    federation.enrol("cyd")
    for _ in range(3):
        federation.send("ada", "ben")
        federation.aggregate()
    assert federation.admit("cyd", 1) == late("cyd", 1)
    assert round_fault(federation.state, 1) is None


def test_a_report_is_at_fault_when_it_is_about_another_model_or_no_round() -> None:
    federation = Federation(RoundPolicy(evaluation=EvaluationPolicy()), "ada", "ben")
    federation.send("ada", "ben")
    federation.aggregate()
    assert report_fault(federation.state, 1, model(1)) is None
    assert reason(report_fault(federation.state, 1, model(0))) == "MODEL_VERSION_MISMATCH"
    assert reason(report_fault(federation.state, 2, model(1))) == "ROUND_MISMATCH"
    federation.time_out(TimerKind.EVALUATION)
    assert report_fault(federation.state, 1, model(0)) is None
