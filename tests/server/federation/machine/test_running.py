import pytest

from mfn_server.federation.machine.actions import Aggregate, FederationChanged, RoundStarted, StartTimer, TimerKind
from mfn_server.federation.machine.events import Paused, Restarted, Resumed
from mfn_server.federation.machine.policy import EvaluationPolicy, RoundPolicy
from mfn_server.federation.machine.records import FederationState
from tests.server.federation.machine.driving import Federation, model


def test_a_pause_lets_the_open_round_end_and_starts_no_other() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    federation.happen(Paused(9.0))
    assert federation.told(FederationChanged) == [FederationChanged(FederationState.PAUSED, None)]
    federation.send("ada", "ben")
    federation.aggregate()
    assert (federation.state.model, federation.state.open) == (model(1), None)
    federation.happen(Resumed(9.0))
    assert federation.told(FederationChanged) == [FederationChanged(FederationState.RUNNING, None)]
    assert federation.told(RoundStarted) != []


@pytest.mark.parametrize("event", [Paused(9.0), Resumed(9.0)])
def test_before_the_model_there_is_nothing_to_pause(event: Paused | Resumed) -> None:
    federation = Federation(RoundPolicy())
    before = federation.state
    assert federation.happen(event) == ()
    assert federation.state == before


def test_pausing_and_resuming_twice_changes_nothing() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    assert federation.happen(Resumed(9.0)) == ()
    federation.happen(Paused(9.0))
    assert federation.happen(Paused(9.0)) == ()


def test_a_restart_in_mid_round_starts_the_deadline_in_full_and_keeps_what_was_acknowledged() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    federation.send("ada")
    federation.restart()
    assert federation.last == (StartTimer(TimerKind.ROUND, 1, 600.0),)
    assert federation.state.sessions == {}
    federation.connect("ben")
    federation.send("ben")
    (handed,) = federation.of(Aggregate)
    assert [weighted.contribution.participant for weighted in handed.contributions] == ["ada", "ben"]


def test_a_restart_asks_the_rule_again_for_the_same() -> None:
    federation = Federation(RoundPolicy(), "ada", "ben")
    federation.send("ada", "ben")
    asked = federation.of(Aggregate)
    federation.restart()
    assert federation.last == tuple(asked)


def test_a_restart_waits_for_reports_again_in_full() -> None:
    federation = Federation(RoundPolicy(evaluation=EvaluationPolicy(deadline_seconds=5.0)), "ada", "ben")
    federation.send("ada", "ben")
    federation.aggregate()
    federation.restart()
    assert federation.last == (StartTimer(TimerKind.EVALUATION, 1, 5.0),)


def test_a_restart_between_rounds_does_nothing() -> None:
    federation = Federation(RoundPolicy())
    assert federation.happen(Restarted(9.0)) == ()
