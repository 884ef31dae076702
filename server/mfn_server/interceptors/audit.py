"""Records what administrators do, which participants are turned away, and who meets a limit."""

from typing import Any

import grpc
from google.protobuf.message import Message

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.errors import LIMITS, Fault
from mfn_server.rpc.call import Call, Outcome
from mfn_server.rpc.chain import Observer
from mfn_server.telemetry.audit import Audit
from mfn_server.telemetry.masking import MAX_TOLD_CHARACTERS, cut
from mfn_server.telemetry.sparing import Sparing

EVENTS = {
    "CreateFederation": "federation.created",
    "DeleteFederation": "federation.deleted",
    "PauseFederation": "federation.paused",
    "ResumeFederation": "federation.resumed",
    "EnrolParticipant": "participant.enrolled",
    "RemoveParticipant": "participant.removed",
    "UploadModel": "model.uploaded",
}
"""What it means when these methods have succeeded."""
FEDERATION_SERVICE = "mfn.v1.FederationService"
TURNED_AWAY = frozenset({reasons.ERROR_REASON_SIGNATURE_INVALID, reasons.ERROR_REASON_NOT_ENROLLED})
AUDITED_ELSEWHERE = frozenset({grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED})
"""The guards record what they deny."""
UNTOLD = frozenset({grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED})
"""The caller was not told how its call ended, and what it had begun may stand: changes run to their end without it."""


class AuditCalls(Observer):
    """Writes the audit of calls, once they have ended."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._refusals = Sparing()

    def end(self, call: Call) -> None:
        """Record what has come of it."""
        outcome = call.outcome or Outcome(grpc.StatusCode.CANCELLED)
        if outcome.fault is not None and outcome.fault.reason in LIMITS:
            self._count_refusal(call, outcome.fault)
        elif call.method.service == FEDERATION_SERVICE:
            self._record_federation(call, outcome)

    def _record_federation(self, call: Call, outcome: Outcome) -> None:
        if call.method.name in EVENTS:
            self._record_admin(EVENTS[call.method.name], call, outcome)
        elif outcome.fault is not None and outcome.fault.reason in TURNED_AWAY and call.method.name == "Federate":
            self._audit.record("participant.refused", call=call, resource=_resource(call), **_told(outcome.fault))

    def _record_admin(self, event: str, call: Call, outcome: Outcome) -> None:
        if outcome.code is grpc.StatusCode.OK:
            if event != "model.uploaded" or _is_whole(call):
                self._audit.record(event, call=call, resource=_resource(call))
        elif outcome.code not in AUDITED_ELSEWHERE:
            self._record_attempt(
                {"attempted": event, "resource": _resource(call), "code": outcome.code.name}, call, outcome
            )

    def _record_attempt(self, tried: dict[str, str], call: Call, outcome: Outcome) -> None:
        told = tried if outcome.fault is None else {**tried, **_told(outcome.fault)}
        if outcome.code in UNTOLD:
            self._audit.record("admin.unconfirmed", call=call, **told)
        else:
            self._audit.record("admin.failed", call=call, **told)

    def _count_refusal(self, call: Call, fault: Fault) -> None:
        """Record the first refusal of a kind and principal, and then the number of them from time to time."""
        count = self._refusals.count((call.principal, fault.reason))
        if count:
            self._audit.record("limit.refused", call=call, count=count, **_told(fault))


def _told(fault: Fault) -> dict[str, str]:
    return {"reason": fault.reason_name, "error": cut(fault.message, MAX_TOLD_CHARACTERS)}


def _resource(call: Call) -> str:
    """The name of what the call is about, as far as its first message tells."""
    request = call.request
    if request is None:
        return ""
    return cut(_named(request), MAX_TOLD_CHARACTERS)


def _named(request: Message) -> str:
    match request:
        case pb.CreateFederationRequest():
            return f"federations/{request.federation_id}"
        case pb.EnrolParticipantRequest():
            return f"{request.parent}/participants/{request.participant_id}"
        case pb.UploadModelRequest():
            return request.begin.parent
        case pb.FederateRequest():
            return request.join.participant
        case _:
            name: Any = getattr(request, "name", "")
            return str(name)


def _is_whole(call: Call) -> bool:
    """Whether an upload is complete; one may take several calls."""
    return pb.UploadModelResponse.FromString(call.response or b"").HasField("model")
