from mfn_server.federation.machine.actions import (
    AskEvaluation,
    Assign,
    EndReason,
    EndSession,
    Finish,
    ParticipantChanged,
    TimerKind,
)
from mfn_server.federation.machine.events import Connected, Disconnected, ParticipantEnrolled, ParticipantRemoved
from mfn_server.federation.machine.policy import EvaluationPolicy, RoundPolicy
from mfn_server.federation.machine.records import FinishReason, ParticipantChange
from mfn_server.federation.machine.state import Session
from tests.server.federation.machine.driving import Federation, model


def changes(federation: Federation) -> list[tuple[str, ParticipantChange]]:
    return [(told.name, told.change) for told in federation.told(ParticipantChanged)]


def test_a_participant_may_be_enrolled_in_mid_round_and_takes_part_in_the_next() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    federation.enrol("cyd")
    assert changes(federation) == [("cyd", ParticipantChange.ENROLLED)]
    federation.connect("cyd")
    assert changes(federation) == [("cyd", ParticipantChange.CONNECTED)]
    assert federation.of(Assign) == [Assign(("cyd",), 1, model(0), selected=False, timed=True)]
    federation.send("ada", "ben")
    federation.aggregate()
    assert federation.of(Assign) == [Assign(("ada", "ben", "cyd"), 2, model(1), selected=True, timed=True)]


def test_enrolling_a_name_twice_changes_nothing() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    before = federation.state
    assert federation.happen(ParticipantEnrolled("ada", 9.0)) == ()
    assert federation.state == before


def test_removing_a_participant_ends_its_session() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    session = federation.state.sessions["ada"].session
    federation.remove("ada")
    assert federation.of(EndSession) == [EndSession("ada", session, EndReason.NOT_ENROLLED)]
    assert changes(federation) == [("ada", ParticipantChange.REMOVED)]
    assert "ada" not in federation.state.participants
    assert federation.happen(ParticipantRemoved("ada", 9.0)) == ()


def test_a_name_enrolled_again_begins_anew() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    federation.send("ada", "ben")
    federation.aggregate()
    federation.remove("ada")
    federation.enrol("ada")
    assert federation.state.participants["ada"].rounds_accepted == 0
    assert federation.state.participants["ada"].last_ack is None


def test_a_newer_session_takes_over_and_gets_the_open_task() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    older = federation.state.sessions["ada"].session
    federation.connect("ada", can_evaluate=False)
    assert federation.of(EndSession) == [EndSession("ada", older, EndReason.SESSION_SUPERSEDED)]
    assert federation.of(Assign) == [Assign(("ada",), 1, model(0), selected=True, timed=True)]
    newer = federation.state.sessions["ada"]
    assert newer == Session(newer.session, can_evaluate=False)
    assert federation.happen(Disconnected("ada", older, 9.0)) == ()
    assert federation.state.sessions["ada"] == newer


def test_who_has_sent_or_declined_is_not_asked_again_when_it_reconnects() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben", "cyd")
    federation.send("ada")
    federation.decline("ben")
    for name in ("ada", "ben"):
        federation.disconnect(name)
        assert changes(federation) == [(name, ParticipantChange.DISCONNECTED)]
        federation.connect(name)
        assert federation.of(Assign) == [Assign((name,), 1, model(0), selected=False, timed=True)]


def test_who_reconnects_after_the_deadline_is_asked_nothing() -> None:
    federation = Federation(RoundPolicy(min_participants=1), "ada", "ben")
    federation.disconnect("ben")
    federation.send("ada")
    federation.time_out(TimerKind.ROUND)
    federation.connect("ben")
    assert federation.of(Assign) == []


def test_the_same_session_beginning_twice_begins_once() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    session = federation.state.sessions["ada"].session
    assert federation.happen(Connected("ada", session, can_evaluate=True, at=9.0)) == ()


def test_a_participant_may_leave_before_there_is_a_round() -> None:
    federation = Federation(RoundPolicy())
    federation.enrol("ada")
    federation.remove("ada")
    assert changes(federation) == [("ada", ParticipantChange.REMOVED)]
    assert federation.state.participants == {}


def test_a_session_of_one_who_is_not_enrolled_ends_at_once() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    federation.happen(Connected("eve", "session", can_evaluate=True, at=9.0))
    assert federation.last == (EndSession("eve", "session", EndReason.NOT_ENROLLED),)
    assert "eve" not in federation.state.sessions


def test_who_owes_a_report_is_asked_again_when_it_reconnects() -> None:
    federation = Federation(RoundPolicy(evaluation=EvaluationPolicy()), "ada", "ben")
    federation.send("ada", "ben")
    federation.aggregate()
    federation.disconnect("ada")
    federation.connect("ada")
    assert federation.of(AskEvaluation) == [AskEvaluation(("ada",), 1, model(1))]
    federation.report("ada", {"loss": 1.0})
    federation.disconnect("ada")
    federation.connect("ada")
    assert federation.of(AskEvaluation) == []


def test_who_comes_after_the_end_is_told_so() -> None:
    federation = Federation(RoundPolicy(max_rounds=1), "ada", "ben")
    federation.send("ada", "ben")
    federation.aggregate()
    federation.connect("ada")
    assert federation.of(Finish) == [Finish(("ada",), FinishReason.MAX_ROUNDS, model(1), None)]


def test_the_time_of_the_last_sign_of_life_is_kept() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    federation.send("ada")
    assert federation.state.participants["ada"].last_seen_at == federation.clock
