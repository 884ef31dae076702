"""Puts updates that were turned down into the audit, once that is durable."""

from mfn_server.federation.machine.actions import Action, RecordVerdicts
from mfn_server.federation.machine.records import Verdict, VerdictKind, VerdictReason
from mfn_server.telemetry.audit import Audit

TURNED_DOWN = frozenset({VerdictKind.REJECTED, VerdictKind.SCREENED})
NOBODYS_FAULT = frozenset({VerdictReason.ROUND_SKIPPED, VerdictReason.DECLINED})


def audit_verdicts(audit: Audit, action: Action) -> None:
    """Record each update that a screen or the rule turned down; other actions are none of the audit's."""
    if isinstance(action, RecordVerdicts):
        for verdict in action.verdicts:
            if verdict.kind in TURNED_DOWN and verdict.reason not in NOBODYS_FAULT:
                _record(audit, verdict)


def _record(audit: Audit, verdict: Verdict) -> None:
    audit.record(
        "update.rejected",
        resource=verdict.participant,
        round=verdict.round,
        kind=verdict.kind.value,
        reason=verdict.reason.value,
        detail=verdict.detail,
        payload_sha256=verdict.payload_sha256.hex(),
    )
