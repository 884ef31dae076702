"""The published model is measured by participants; the median of their reports is the round's score."""

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import replace

from mfn_server.federation.machine.actions import (
    AskEvaluation,
    EvaluationReceived,
    Happened,
    RecordRound,
    RoundEnded,
    StartTimer,
    TimerKind,
)
from mfn_server.federation.machine.events import EvaluationDeadline, Reported
from mfn_server.federation.machine.policy import EvaluationPolicy, ScoreDirection
from mfn_server.federation.machine.recording import done_record, record_of
from mfn_server.federation.machine.records import Report, RoundState
from mfn_server.federation.machine.selecting import Purpose, draw
from mfn_server.federation.machine.state import Best, OpenRound, State
from mfn_server.federation.machine.stepping import Step, with_open


def evaluators(state: State, number: int) -> tuple[str, ...]:
    """Who is asked to measure the model of a round: a seeded draw of those who can; empty when it is not its turn."""
    policy = state.policy.evaluation
    if policy is None or number % policy.every_rounds:
        return ()
    able = [name for name, session in state.sessions.items() if session.can_evaluate]
    count = len(able) if policy.participants is None else policy.participants
    return draw(able, count, state.policy.selection_seed, number, Purpose.EVALUATION)


def ask_for_reports(state: State) -> Step:
    """Asks those whose reports the open round awaits, if any."""
    opened, policy = state.open, state.policy.evaluation
    if opened is None or opened.published is None or policy is None or not opened.awaited:
        return Step(state)
    ask = AskEvaluation(opened.awaited, opened.number, opened.published)
    return Step(state, (RecordRound(record_of(opened)), ask, _timer(opened, policy)))


def _timer(opened: OpenRound, policy: EvaluationPolicy) -> StartTimer:
    return StartTimer(TimerKind.EVALUATION, opened.number, policy.deadline_seconds)


def wait_again(state: State, opened: OpenRound) -> Step:
    """After a restart: the wait for reports begins anew."""
    policy = state.policy.evaluation
    return Step(state, (_timer(opened, policy),) if policy else ())


def reported(state: State, event: Reported) -> Step:
    """A report came in; one that is late, unasked for or about another model is dropped."""
    opened = state.open
    if opened is None or opened.number != event.round or opened.published != event.model:
        return Step(state)
    if event.participant not in opened.awaited:
        return Step(state)
    report = Report(event.round, event.model, event.num_examples, event.metrics)
    told = Happened(EvaluationReceived(event.participant, report), event.at)
    kept = {**opened.reports, event.participant: report}
    return Step(with_open(state, not_awaited(opened, event.participant), reports=kept), (told,))


def not_awaited(opened: OpenRound, name: str) -> OpenRound:
    """The round without waiting for this participant's report."""
    return replace(opened, awaited=tuple(other for other in opened.awaited if other != name))


def evaluation_deadline(state: State, event: EvaluationDeadline) -> Step:
    """The reports that are still missing are waited for no longer."""
    opened = state.open
    if opened is None or opened.number != event.round or opened.state is not RoundState.EVALUATING:
        return Step(state)
    return Step(with_open(state, opened, overdue=True))


def end_if_evaluated(state: State, at: float) -> Step | None:
    """Ends the round when its reports are in, or none were asked for; None while they are awaited."""
    opened = state.open
    if opened is None or opened.state is not RoundState.EVALUATING:
        return None
    # Who said goodbye is not waited for; back before the round is over, it is asked again.
    if not opened.overdue and any(not state.participants[name].gone for name in opened.awaited):
        return None
    metrics = medians(report.metrics for report in opened.reports.values())
    policy = state.policy.evaluation
    score = metrics.get(policy.score_metric) if policy else None
    record = done_record(opened, score, metrics, at)
    scored = state if score is None else _scored(state, opened, score)
    return Step(replace(scored, open=None), (RecordRound(record), Happened(RoundEnded(record), at)))


def medians(reports: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Median of every metric over the reports that have a finite value of it, by name."""
    values: dict[str, list[float]] = {}
    for report in reports:
        for name, value in report.items():
            if math.isfinite(value):
                values.setdefault(name, []).append(value)
    return {name: _median(values[name]) for name in sorted(values)}


def _median(values: list[float]) -> float:
    # Halves first: the sum of two large values would not be finite.
    return statistics.median_low(values) / 2 + statistics.median_high(values) / 2


def _scored(state: State, opened: OpenRound, score: float) -> State:
    model, early = opened.published, state.policy.early_stop
    if model is None:
        return state
    best = state.best
    if best is None or _gain(state, best.score, score) > 0:
        best = Best(model, score)
    reference = state.reference_score
    gain = math.inf if reference is None else _gain(state, reference, score)
    if gain > 0 and gain >= (early.min_improvement if early else 0):
        return replace(state, best=best, reference_score=score, evaluations_without_improvement=0)
    return replace(state, best=best, evaluations_without_improvement=state.evaluations_without_improvement + 1)


def _gain(state: State, before: float, now: float) -> float:
    policy = state.policy.evaluation
    lower = policy is None or policy.direction is ScoreDirection.LOWER_IS_BETTER
    return before - now if lower else now - before
