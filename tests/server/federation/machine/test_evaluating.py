import math
import statistics
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_server.federation.machine.actions import (
    AskEvaluation,
    Conclude,
    EvaluationReceived,
    RoundEnded,
    StartTimer,
    TimerKind,
)
from mfn_server.federation.machine.evaluating import medians
from mfn_server.federation.machine.events import EvaluationDeadline, Reported
from mfn_server.federation.machine.policy import EarlyStop, EvaluationPolicy, RoundPolicy, ScoreDirection
from mfn_server.federation.machine.records import FinishReason, Report, RoundRecord, RoundState
from tests.server.federation.machine.driving import Federation, model

NAN, INF = math.nan, math.inf


def published(evaluation: EvaluationPolicy, *names: str) -> Federation:
    """The first model is out, its evaluation under way."""
    federation = Federation(RoundPolicy(evaluation=evaluation), *(names or ("ada", "ben", "cyd")))
    one_round(federation)
    return federation


def one_round(federation: Federation) -> None:
    federation.send(*sorted(federation.state.sessions))
    federation.aggregate()


def ended(federation: Federation) -> RoundRecord:
    return federation.told(RoundEnded)[0].record


def test_those_who_can_are_asked_and_the_round_ends_with_their_reports() -> None:
    federation = Federation(RoundPolicy(evaluation=EvaluationPolicy()), "ada", "ben")
    federation.connect("ben", can_evaluate=False)
    one_round(federation)
    assert federation.of(AskEvaluation) == [AskEvaluation(("ada",), 1, model(1))]
    assert federation.of(StartTimer) == [StartTimer(TimerKind.EVALUATION, 1, 60.0)]
    assert federation.of(Conclude)[0].state is RoundState.EVALUATING
    assert federation.record().state is RoundState.EVALUATING
    federation.report("ada", {"loss": 0.5})
    told = EvaluationReceived("ada", Report(1, model(1), 5, {"loss": 0.5}))
    assert federation.told(EvaluationReceived) == [told]
    assert (ended(federation).state, ended(federation).score, ended(federation).reports) == (RoundState.DONE, 0.5, 1)
    assert federation.of(Conclude) == []


def test_the_score_is_the_median_of_the_finite_values() -> None:
    federation = published(EvaluationPolicy(score_metric="accuracy"))
    federation.report("ada", {"accuracy": 0.5, "loss": 3.0})
    federation.report("ben", {"accuracy": NAN, "loss": 1.0})
    federation.report("cyd", {"accuracy": 0.75, "loss": -INF})
    assert ended(federation).score == 0.625
    assert ended(federation).metrics == {"accuracy": 0.625, "loss": 2.0}
    assert ended(federation).reports == 3


@given(st.lists(st.dictionaries(st.sampled_from("ab"), st.floats(width=32)), max_size=6), st.randoms())
def test_medians_are_those_of_the_textbook_in_any_order(reports: list[dict[str, float]], shuffler: Random) -> None:
    finite = {name: [r[name] for r in reports if math.isfinite(r.get(name, NAN))] for name in "ab"}
    expected = {name: statistics.median(values) for name, values in finite.items() if values}
    shuffler.shuffle(reports)
    # Halves are exact in double precision for all values of single precision but the least; sums may round once.
    assert medians(reports) == pytest.approx(expected, rel=1e-15)


def test_a_median_of_the_largest_numbers_is_finite() -> None:
    assert medians([{"loss": 1.7e308}, {"loss": 1.7e308}]) == {"loss": 1.7e308}


def test_without_anyone_who_can_evaluate_the_round_ends_at_once() -> None:
    federation = Federation(RoundPolicy(evaluation=EvaluationPolicy()))
    federation = Federation(RoundPolicy(evaluation=EvaluationPolicy()), "ada", "ben")
    federation.connect("ada", "ben", can_evaluate=False)
    one_round(federation)
    assert federation.of(AskEvaluation) == []
    assert (ended(federation).state, ended(federation).score) == (RoundState.DONE, None)
    assert federation.of(Conclude)[0].state is RoundState.DONE


def test_a_model_is_evaluated_every_so_many_rounds() -> None:
    federation = Federation(RoundPolicy(evaluation=EvaluationPolicy(every_rounds=3)), "ada", "ben")
    asked = []
    for _ in range(6):
        one_round(federation)
        asked += [action.round for action in federation.of(AskEvaluation)]
        if federation.of(AskEvaluation):
            federation.time_out(TimerKind.EVALUATION)
    assert asked == [3, 6]


def test_no_more_are_asked_than_the_policy_wants() -> None:
    federation = published(EvaluationPolicy(participants=2), *"abcdef")
    (ask,) = federation.of(AskEvaluation)
    assert len(ask.participants) == 2


def test_the_deadline_ends_the_wait_and_later_reports_are_dropped() -> None:
    federation = published(EvaluationPolicy())
    federation.report("ada", {"loss": 0.25})
    federation.happen(EvaluationDeadline(7, 9.0))
    assert federation.told(RoundEnded) == []
    federation.time_out(TimerKind.EVALUATION)
    assert (ended(federation).score, ended(federation).reports) == (0.25, 1)
    before = federation.state
    federation.report("ben", {"loss": 9.0})
    assert federation.state == before


@pytest.mark.parametrize(
    "report",
    [
        Reported("ada", 1, model(0), 5, {"loss": 0.0}, 9.0),
        Reported("ada", 2, model(1), 5, {"loss": 0.0}, 9.0),
        Reported("eve", 1, model(1), 5, {"loss": 0.0}, 9.0),
    ],
    ids=["another model", "another round", "not asked"],
)
def test_a_report_that_was_not_asked_for_changes_nothing(report: Reported) -> None:
    federation = published(EvaluationPolicy())
    before = federation.state
    assert federation.happen(report) == ()
    assert federation.state == before


def test_a_second_report_of_a_participant_is_dropped() -> None:
    federation = published(EvaluationPolicy())
    federation.report("ada", {"loss": 0.5})
    assert federation.told(EvaluationReceived) != []
    federation.report("ada", {"loss": 0.0})
    assert federation.last == ()


@pytest.mark.parametrize("leave", [lambda f: f.decline("cyd"), lambda f: f.remove("cyd")], ids=["declined", "removed"])
def test_a_report_that_will_not_come_is_not_waited_for(leave: Callable[[Federation], None]) -> None:
    federation = published(EvaluationPolicy())
    federation.report("ada", {"loss": 0.5})
    federation.report("ben", {"loss": 0.5})
    leave(federation)
    assert ended(federation).reports == 2


def test_giving_back_a_task_of_a_round_gives_back_all_that_it_wants() -> None:
    federation = published(EvaluationPolicy())
    federation.decline("ada")
    ada = federation.state.participants["ada"]
    assert federation.state.open is not None
    assert federation.state.open.awaited == ("ben", "cyd")
    assert [task.declined for task in ada.tasks] == [True]


def scored(federation: Federation, *scores: float) -> None:
    for score in scores:
        one_round(federation)
        for name in ("ada", "ben"):
            federation.report(name, {"loss": score})


@pytest.mark.parametrize(
    ("direction", "version", "score"),
    [(ScoreDirection.LOWER_IS_BETTER, 2, 0.25), (ScoreDirection.HIGHER_IS_BETTER, 3, 0.75)],
)
def test_the_best_model_is_the_first_with_the_best_score(direction: ScoreDirection, version: int, score: float) -> None:
    federation = Federation(RoundPolicy(evaluation=EvaluationPolicy(direction=direction)), "ada", "ben")
    scored(federation, 0.5, 0.25, 0.75, 0.25, NAN, 0.75)
    assert federation.state.best is not None
    assert (federation.state.best.model, federation.state.best.score) == (model(version), score)


def test_a_federation_stops_early_when_its_patience_is_over() -> None:
    policy = RoundPolicy(evaluation=EvaluationPolicy(), early_stop=EarlyStop(2))
    federation = Federation(policy, "ada", "ben")
    scored(federation, 0.5, 0.5, 0.25, 0.25)
    assert federation.state.finish_reason is None
    scored(federation, 0.3)
    assert federation.state.finish_reason is FinishReason.EARLY_STOP


def test_improvements_below_the_least_add_up() -> None:
    policy = RoundPolicy(evaluation=EvaluationPolicy(), early_stop=EarlyStop(3, min_improvement=0.25))
    federation = Federation(policy, "ada", "ben")
    scored(federation, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375)
    assert federation.state.finish_reason is None
    assert federation.state.evaluations_without_improvement == 1
    assert federation.state.best is not None
    assert federation.state.best.score == 0.375


def test_an_evaluation_without_a_score_is_none() -> None:
    policy = RoundPolicy(evaluation=EvaluationPolicy(), early_stop=EarlyStop(1))
    federation = Federation(policy, "ada", "ben")
    scored(federation, 0.5, NAN)
    assert federation.state.evaluations_without_improvement == 0
    assert federation.record().score is None
