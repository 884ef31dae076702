"""A round stops collecting: its updates go to the rule, or it is skipped for want of a quorum."""

from dataclasses import replace

from mfn_server.federation.machine.actions import Aggregate, RecordRound, Weighted
from mfn_server.federation.machine.admitting import task_of
from mfn_server.federation.machine.buffering import buffer_is_complete, is_buffered, staleness_weight
from mfn_server.federation.machine.concluding import skip_round
from mfn_server.federation.machine.recording import record_of
from mfn_server.federation.machine.records import RoundState, SkipReason, Verdict, VerdictKind, VerdictReason
from mfn_server.federation.machine.state import OpenRound, State
from mfn_server.federation.machine.stepping import Step


def is_settled(state: State, opened: OpenRound, name: str) -> bool:
    """Whether nothing is to be waited for from one: counted, declined, gone, removed, or not selected.

    Gone is who said goodbye; whose connection broke may be back at any moment.
    """
    contribution, participant = opened.contributions.get(name), state.participants.get(name)
    if contribution is not None and contribution.round == opened.number:
        return True
    task = task_of(participant, opened.number) if participant else None
    return participant is None or participant.gone or task is None or task.declined


def is_complete(state: State, opened: OpenRound) -> bool:
    """Whether collecting is over: with a quorum the target is reached or nobody is left to wait for, or it is overdue.

    Those whose connection broke are waited for until the deadline, and so is a quorum: rounds that nobody wants would
    otherwise follow one another as fast as the network goes. What earlier rounds deferred to this one adds to the
    quorum, not to the target: the round waits for its own.
    """
    if is_buffered(state):
        return buffer_is_complete(state, opened)
    if opened.overdue:
        return True
    own = sum(contribution.round == opened.number for contribution in opened.contributions.values())
    awaited = own < opened.target and not all(is_settled(state, opened, name) for name in opened.selected)
    return not awaited and len(opened.contributions) >= state.policy.min_participants


def close_if_complete(state: State, at: float) -> Step | None:
    """Hands a complete round to the rule, or skips it; None while it collects."""
    opened = state.open
    if opened is None or opened.state is not RoundState.COLLECTING or not is_complete(state, opened):
        return None
    closing = replace(opened, verdicts=_absences(state, opened), counted=len(opened.contributions))
    if closing.counted < state.policy.min_participants:
        return skip_round(state, closing, SkipReason.QUORUM, (), at)
    aggregating = replace(closing, state=RoundState.AGGREGATING)
    actions = (RecordRound(record_of(aggregating)), aggregation(state, aggregating))
    return Step(replace(state, open=aggregating), actions)


def aggregation(state: State, opened: OpenRound) -> Aggregate:
    """What the rule is to work on, in the order of the participants' names."""
    ordered = (opened.contributions[name] for name in sorted(opened.contributions))
    weighted = (Weighted(update, *staleness_weight(state, opened, update)) for update in ordered)
    return Aggregate(opened.number, opened.base, tuple(weighted))


def _absences(state: State, opened: OpenRound) -> dict[str, Verdict]:
    if is_buffered(state):
        return {}
    missing = (name for name in opened.selected if name not in opened.contributions)
    return {n: Verdict(n, opened.number, VerdictKind.MISSING, _absence(state, opened, n)) for n in missing}


def _absence(state: State, opened: OpenRound, name: str) -> VerdictReason:
    participant = state.participants.get(name)
    task = task_of(participant, opened.number) if participant else None
    if task is None or (name not in state.sessions and not task.declined):
        return VerdictReason.DISCONNECTED
    return VerdictReason.DECLINED if task.declined else VerdictReason.SILENT
