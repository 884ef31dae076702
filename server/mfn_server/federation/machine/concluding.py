"""A round is judged: it publishes a model or is skipped, and everybody selected gets its verdict, once."""

from collections.abc import Iterable
from dataclasses import replace

from mfn_server.federation.machine.actions import Conclude, Happened, ModelPublished, RecordRound, RoundEnded
from mfn_server.federation.machine.admitting import task_of
from mfn_server.federation.machine.discarding import discard
from mfn_server.federation.machine.evaluating import ask_for_reports, evaluators
from mfn_server.federation.machine.events import Aggregated
from mfn_server.federation.machine.recording import (
    given,
    skipped_record,
    verdict_on,
    with_credit,
)
from mfn_server.federation.machine.records import (
    Judgement,
    Model,
    RoundState,
    SkipReason,
    Verdict,
    VerdictKind,
    VerdictReason,
)
from mfn_server.federation.machine.state import Contribution, OpenRound, State
from mfn_server.federation.machine.stepping import Step

_OF_THE_RULE = {VerdictKind.ACCEPTED, VerdictKind.REJECTED, VerdictKind.SCREENED}


def aggregated(state: State, event: Aggregated) -> Step:
    """The rule has spoken."""
    opened = state.open
    if opened is None or not _makes_sense(opened, event):
        return Step(state)
    kinds = [judgement.kind for judgement in event.judgements]
    judged = replace(
        opened, f=event.f, aggregate_seconds=event.seconds, screened=kinds.count(VerdictKind.SCREENED), overdue=False
    )
    if isinstance(event.outcome, Model):
        return _publish(state, replace(judged, rejected=kinds.count(VerdictKind.REJECTED)), event.outcome, event)
    return skip_round(state, judged, event.outcome, event.judgements, event.at)


def _makes_sense(opened: OpenRound, event: Aggregated) -> bool:
    """Whether the event answers the open round: see Aggregated."""
    if opened.number != event.round or opened.state is not RoundState.AGGREGATING:
        return False
    names = [judgement.participant for judgement in event.judgements]
    if len(set(names)) != len(names) or not all(j.kind in _OF_THE_RULE for j in event.judgements):
        return False
    if isinstance(event.outcome, Model):
        return event.outcome.version == opened.base.version + 1 and set(names) == set(opened.contributions)
    return set(names) <= set(opened.contributions)


def _publish(state: State, opened: OpenRound, model: Model, event: Aggregated) -> Step:
    judgements = {judgement.participant: judgement for judgement in event.judgements}
    updates = [opened.contributions[name] for name in sorted(opened.contributions)]
    verdicts = [verdict_on(update, opened.number, judgements[update.participant]) for update in updates]
    awaited = evaluators(state, opened.number)
    published = replace(
        opened,
        state=RoundState.EVALUATING,
        published=model,
        awaited=awaited,
        contributions={},
        verdicts={},
    )
    credited = _credited(state, opened, verdicts)
    there = replace(credited, model=model, skipped_in_row=0, open=published)
    known = _in_order(verdicts, opened)
    conclusion = Conclude(opened.number, RoundState.EVALUATING if awaited else RoundState.DONE, model, known)
    step = Step(there, (Happened(ModelPublished(model), event.at), *given(known, event.at), conclusion))
    return step.then(ask_for_reports).then(discard, updates)


def skip_round(state: State, opened: OpenRound, why: SkipReason, judgements: Iterable[Judgement], at: float) -> Step:
    """Ends a round without a model. Updates that failed a screen keep that verdict, all others were in vain."""
    judged = {judgement.participant: judgement for judgement in judgements}
    updates = [opened.contributions[name] for name in sorted(opened.contributions)]
    verdicts = [_in_vain(update, opened.number, judged.get(update.participant)) for update in updates]
    record = skipped_record(opened, why, at)
    credited = _credited(state, opened, verdicts)
    there = replace(credited, skipped_in_row=state.skipped_in_row + 1, open=None)
    known = _in_order(verdicts, opened)
    ended = (RecordRound(record), Happened(RoundEnded(record), at))
    conclusion = Conclude(opened.number, RoundState.SKIPPED, opened.base, known)
    return Step(there, (*given(known, at), conclusion, *ended)).then(discard, updates)


def _in_vain(update: Contribution, number: int, judged: Judgement | None) -> Verdict:
    if judged is not None and judged.kind is VerdictKind.SCREENED:
        return verdict_on(update, number, judged)
    norm = None if judged is None else judged.norm
    judgement = Judgement(update.participant, VerdictKind.REJECTED, VerdictReason.ROUND_SKIPPED, norm=norm)
    return verdict_on(update, number, judgement)


def _in_order(verdicts: Iterable[Verdict], opened: OpenRound) -> tuple[Verdict, ...]:
    return tuple(sorted((*verdicts, *opened.verdicts.values()), key=lambda verdict: verdict.participant))


def _credited(state: State, opened: OpenRound, verdicts: Iterable[Verdict]) -> State:
    of_updates = [(verdict, opened.contributions[verdict.participant].enrolment) for verdict in verdicts]
    of_others = [(verdict, _asked(state, verdict)) for verdict in opened.verdicts.values()]
    return with_credit(state, (*of_updates, *of_others))


def _asked(state: State, verdict: Verdict) -> int | None:
    """Whom a verdict without update is about: the participant that has the task, or nobody who is still enrolled."""
    participant = state.participants.get(verdict.participant)
    return participant.enrolment if participant and task_of(participant, verdict.round) else None
