"""mfn_federation_*: how rounds end, what becomes of updates, and how many bytes were made durable."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry

from mfn_server.federation.machine.actions import Action, Happened, RecordVerdicts, RoundEnded, UpdateReceived
from mfn_server.federation.machine.records import (
    RoundRecord,
    RoundState,
    SkipReason,
    UpdateAckStatus,
    VerdictKind,
    VerdictReason,
)
from mfn_server.telemetry.metrics.declared import CounterOf, HistogramOf, Label


def _label(member: str) -> str:
    return member.lower()


def _reason(reason: VerdictReason) -> str:
    return "none" if reason is VerdictReason.UNSPECIFIED else _label(reason)


PUBLISHED = "published"
OUTCOMES = (PUBLISHED, *map(_label, SkipReason))
STATUSES = tuple(map(_label, UpdateAckStatus))
KINDS, REASONS = tuple(map(_label, VerdictKind)), tuple(map(_reason, VerdictReason))

ROUNDS = CounterOf(
    "mfn_federation_rounds_total",
    "Rounds that are over: published, or why they published no model.",
    (Label("outcome", OUTCOMES),),
)
ROUND_SECONDS = HistogramOf(
    "mfn_federation_round_seconds",
    "From a round's start to its end.",
    (),
    (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0),
)
VERDICTS = CounterOf(
    "mfn_federation_verdicts_total",
    "Verdicts on participants' parts in rounds, by kind and reason (accepted: none); one that takes the place of an "
    "earlier one, for an update that came after all, counts too.",
    (Label("kind", KINDS), Label("reason", REASONS)),
)
UPDATES = CounterOf(
    "mfn_federation_updates_total",
    "Updates that were acknowledged, by the acknowledgement's status.",
    (Label("status", STATUSES),),
)
DURABLE = CounterOf(
    "mfn_federation_durable_bytes_total", "Bytes of updates that were written, synced and acknowledged."
)
METRICS = (ROUNDS, ROUND_SECONDS, VERDICTS, UPDATES, DURABLE)


class FederationMetrics:
    """Counts what the machines of all federations decided, once it is durable; on the event loop only."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._rounds, self._seconds = ROUNDS.made(registry), ROUND_SECONDS.made(registry)
        self._verdicts, self._updates = VERDICTS.made(registry), UPDATES.made(registry)
        self._durable = DURABLE.made(registry)
        for outcome in OUTCOMES:
            self._rounds.labels(outcome)
        for status in STATUSES:
            self._updates.labels(status)
        self._verdicts.labels(_label(VerdictKind.ACCEPTED), _reason(VerdictReason.UNSPECIFIED))
        for reason in REASONS[1:]:
            self._verdicts.labels(_label(VerdictKind.REJECTED), reason)

    def happened(self, actions: Iterable[Action]) -> None:
        """What one step decided."""
        for action in actions:
            match action:
                case RecordVerdicts(verdicts):
                    for verdict in verdicts:
                        self._verdicts.labels(_label(verdict.kind), _reason(verdict.reason)).inc()
                case Happened(RoundEnded(record)):
                    self._round(record)
                case Happened(UpdateReceived(_, ack, total_bytes)):
                    self._updates.labels(_label(ack.status)).inc()
                    self._durable.inc(total_bytes)

    def _round(self, record: RoundRecord) -> None:
        done = record.state is RoundState.DONE or record.skip_reason is None
        self._rounds.labels(PUBLISHED if done else _label(record.skip_reason or "")).inc()
        if record.ended_at is not None:
            self._seconds.observe(max(0.0, record.ended_at - record.started_at))
