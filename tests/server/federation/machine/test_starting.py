from mfn_server.federation.machine.actions import (
    Aggregate,
    Assign,
    FederationChanged,
    RecordRound,
    RoundStarted,
    StartTimer,
    TimerKind,
)
from mfn_server.federation.machine.events import ModelUploaded
from mfn_server.federation.machine.policy import LatePolicy, RoundPolicy
from mfn_server.federation.machine.records import FederationState, RoundRecord, RoundState
from tests.server.federation.machine.driving import Federation, model


def test_nothing_starts_before_the_model_is_there() -> None:
    federation = Federation(RoundPolicy())
    federation.enrol("ada", "ben")
    federation.connect("ada", "ben")
    assert federation.state.open is None
    federation.happen(ModelUploaded(model(0), 5.0))
    assert federation.state.round == 1
    assert federation.told(FederationChanged) == [FederationChanged(FederationState.RUNNING, None)]


def test_a_second_model_changes_nothing() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    before = federation.state
    assert federation.happen(ModelUploaded(model(9), 5.0)) == ()
    assert federation.state == before


def test_a_round_starts_as_soon_as_the_quorum_is_connected() -> None:
    federation = Federation(RoundPolicy(min_participants=3), "ada", "ben")
    assert federation.state.open is None
    federation.enrol("cyd")
    assert federation.state.open is None
    federation.connect("cyd")
    names = ("ada", "ben", "cyd")
    assert federation.of(Assign) == [Assign(names, 1, model(0), selected=True, timed=True)]
    assert federation.of(StartTimer) == [StartTimer(TimerKind.ROUND, 1, 600.0)]
    record = RoundRecord(1, RoundState.COLLECTING, model(0), federation.clock, 3)
    assert federation.of(RecordRound) == [RecordRound(record)]
    assert federation.told(RoundStarted) == [RoundStarted(record)]


def test_those_not_selected_are_told_so() -> None:
    federation = Federation(RoundPolicy(min_participants=3, target_participants=3, over_selection=0.25), *"abcdef")
    asked, told = federation.of(Assign)
    assert (len(asked.participants), asked.selected) == (4, True)
    assert (len(told.participants), told.selected) == (2, False)
    assert {*asked.participants, *told.participants} == set("abcdef")


def test_a_name_under_which_a_removed_participant_still_counts_is_not_asked() -> None:
    policy = RoundPolicy(min_participants=1, late_updates=LatePolicy.NEXT_ROUND)
    federation = Federation(policy, "ada", "ben")
    federation.send("ben")
    federation.time_out(TimerKind.ROUND)
    federation.send("ada")
    federation.remove("ada")
    federation.enrol("ada")
    federation.connect("ada")
    federation.aggregate()
    assert federation.of(Assign) == [
        Assign(("ben",), 2, model(1), selected=True, timed=True),
        Assign(("ada",), 2, model(1), selected=False, timed=True),
    ]
    federation.send("ben")
    federation.aggregate()
    assert federation.of(Assign) == [Assign(("ada", "ben"), 3, model(2), selected=True, timed=True)]


def test_a_round_whose_every_name_is_taken_goes_on_with_what_was_deferred_to_it() -> None:
    policy = RoundPolicy(min_participants=1, late_updates=LatePolicy.NEXT_ROUND)
    federation = Federation(policy, "ada", "ben")
    federation.send("ben")
    federation.time_out(TimerKind.ROUND)
    federation.send("ada")
    federation.remove("ben")
    federation.remove("ada")
    federation.enrol("ada")
    federation.connect("ada")
    federation.aggregate()
    (handed,) = federation.of(Aggregate)
    assert [weighted.contribution.participant for weighted in handed.contributions] == ["ada"]
