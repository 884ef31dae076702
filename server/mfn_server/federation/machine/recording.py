"""Rounds and verdicts as records: what queries and watchers get to know."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from mfn_server.federation.machine.actions import Action, Happened, RecordVerdicts, VerdictGiven
from mfn_server.federation.machine.records import (
    Judgement,
    RoundRecord,
    RoundState,
    SkipReason,
    Verdict,
    VerdictKind,
    VerdictReason,
)
from mfn_server.federation.machine.state import Contribution, OpenRound, Participant, State
from mfn_server.federation.machine.stepping import Step


def record_of(opened: OpenRound) -> RoundRecord:
    """The record of an open round as it stands."""
    collecting = opened.state is RoundState.COLLECTING
    return RoundRecord(
        round=opened.number,
        state=opened.state,
        base_model=opened.base,
        started_at=opened.started_at,
        selected=len(opened.selected),
        counted=len(opened.contributions) if collecting else opened.counted,
        screened=opened.screened,
        rejected=opened.rejected,
        model=opened.published,
        f=opened.f,
        aggregate_seconds=opened.aggregate_seconds,
        reports=len(opened.reports),
    )


def skipped_record(opened: OpenRound, reason: SkipReason, at: float) -> RoundRecord:
    """The record of a round that ends without a model."""
    return replace(record_of(opened), state=RoundState.SKIPPED, skip_reason=reason, ended_at=at)


def done_record(opened: OpenRound, score: float | None, metrics: Mapping[str, float], at: float) -> RoundRecord:
    """The record of a round that ends with a model."""
    return replace(record_of(opened), state=RoundState.DONE, score=score, metrics=metrics, ended_at=at)


def verdict_on(contribution: Contribution, number: int, judgement: Judgement) -> Verdict:
    """The verdict of round `number` on an update that reached the rule."""
    origin = f"deferred from round {contribution.round}" if contribution.round != number else ""
    return replace(
        without_judgement(contribution, number, judgement.kind, judgement.reason),
        detail="; ".join(filter(None, (origin, judgement.detail))),
        norm=judgement.norm,
        score=judgement.score,
        weight=judgement.weight,
    )


def without_judgement(
    contribution: Contribution, number: int, kind: VerdictKind, reason: VerdictReason, detail: str = ""
) -> Verdict:
    """The verdict of round `number` on an update that no rule has seen."""
    return Verdict(
        participant=contribution.participant,
        round=number,
        kind=kind,
        reason=reason,
        detail=detail,
        num_examples=contribution.num_examples,
        metrics=contribution.metrics,
        payload_sha256=contribution.payload_sha256,
        received_at=contribution.received_at,
    )


def given(verdicts: Iterable[Verdict], at: float) -> tuple[Action, ...]:
    """The actions that record verdicts and tell of them."""
    listed = tuple(verdicts)
    told = (Happened(VerdictGiven(verdict), at) for verdict in listed)
    return (RecordVerdicts(listed), *told) if listed else ()


def credited(participant: Participant, verdict: Verdict) -> Participant:
    """The participant with a verdict added to its counters."""
    match verdict.kind:
        case VerdictKind.ACCEPTED:
            return replace(participant, rounds_accepted=participant.rounds_accepted + 1)
        case VerdictKind.LATE | VerdictKind.MISSING:
            return replace(participant, rounds_missed=participant.rounds_missed + 1)
        case VerdictKind.REJECTED | VerdictKind.SCREENED if verdict.reason is not VerdictReason.ROUND_SKIPPED:
            return replace(participant, rounds_rejected=participant.rounds_rejected + 1)
        case _:
            return participant


def with_credit(state: State, verdicts: Iterable[tuple[Verdict, int | None]]) -> State:
    """The state with verdicts added to the counters, each for the enrolment that it is about, None for nobody's."""
    changed = dict(state.participants)
    for verdict, enrolment in verdicts:
        participant = changed.get(verdict.participant)
        if participant is not None and participant.enrolment == enrolment:
            changed[verdict.participant] = credited(participant, verdict)
    return replace(state, participants=changed)


def forgo(state: State, contributions: Iterable[Contribution], reason: VerdictReason, detail: str, at: float) -> Step:
    """Updates that were deferred count nowhere after all: LATE in place of DEFERRED."""
    lost = [(without_judgement(c, c.round, VerdictKind.LATE, reason, detail), c.enrolment) for c in contributions]
    return Step(with_credit(state, lost), given((verdict for verdict, _ in lost), at))
