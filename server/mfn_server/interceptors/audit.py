"""Records what administrators do, which participants are turned away, and who meets a limit."""

from time import monotonic
from typing import Any

import grpc
from google.protobuf.message import Message

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.error_reason_pb2 import ErrorReason
from mfn_server.errors import LIMITS, PREFIX, Fault
from mfn_server.rpc.call import Call, Outcome
from mfn_server.rpc.chain import Proceed
from mfn_server.telemetry.audit import Audit
from mfn_server.telemetry.masking import cut

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
REFUSALS_EVERY_S = 10.0
"""A principal that keeps meeting its limits is recorded once in this time, with the number since."""
MOST_PRINCIPALS = 1024
MOST_CHARACTERS = 300


class AuditCalls:
    """Writes the audit of calls, once they have ended."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._refusals: dict[tuple[str, str], tuple[float, int]] = {}

    async def __call__(self, proceed: Proceed, call: Call) -> None:
        """Let the call through and record what has come of it."""
        try:
            await proceed(call)
        finally:
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
            told = {} if outcome.fault is None else _told(outcome.fault)
            resource = _resource(call)
            self._audit.record(
                "admin.failed", call=call, attempted=event, resource=resource, code=outcome.code.name, **told
            )

    def _count_refusal(self, call: Call, fault: Fault) -> None:
        """Record the first refusal of a kind and principal, and then the number of them from time to time."""
        kind = (call.principal, ErrorReason.Name(fault.reason))
        now = monotonic()
        recorded_at, since = self._refusals.pop(kind, (-REFUSALS_EVERY_S, 0))
        if now - recorded_at < REFUSALS_EVERY_S:
            self._refusals[kind] = recorded_at, since + 1
            return
        if len(self._refusals) >= MOST_PRINCIPALS:
            del self._refusals[next(iter(self._refusals))]
        self._refusals[kind] = now, 0
        self._audit.record("limit.refused", call=call, count=since + 1, **_told(fault))


def _told(fault: Fault) -> dict[str, str]:
    reason = ErrorReason.Name(fault.reason).removeprefix(PREFIX)
    return {"reason": reason, "error": cut(fault.message, MOST_CHARACTERS)}


def _resource(call: Call) -> str:
    """The name of what the call is about, as far as its first message tells."""
    request = call.request
    if request is None:
        return ""
    return cut(_named(request), MOST_CHARACTERS)


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
