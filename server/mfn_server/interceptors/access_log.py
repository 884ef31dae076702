"""One log line a call, when it has ended."""

import logging
from collections.abc import Iterator
from time import perf_counter
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from mfn_grpc.core.limits import Violation
from mfn_server.errors import Fault
from mfn_server.rpc.call import Call, Outcome
from mfn_server.rpc.chain import Observer
from mfn_server.rpc.methods import Method, MethodClass
from mfn_server.telemetry.entries import emit
from mfn_server.telemetry.masking import MASKED, MAX_TOLD_CHARACTERS, bodies_of, cut, is_secret, parameters_of

LOGGER = "mfn.access"
MOST_VIOLATIONS = 20

_LEVELS = {
    grpc.StatusCode.INTERNAL: logging.ERROR,
    grpc.StatusCode.UNKNOWN: logging.ERROR,
    grpc.StatusCode.UNAUTHENTICATED: logging.WARNING,
    grpc.StatusCode.PERMISSION_DENIED: logging.WARNING,
    grpc.StatusCode.RESOURCE_EXHAUSTED: logging.WARNING,
    grpc.StatusCode.UNAVAILABLE: logging.WARNING,
    grpc.StatusCode.DATA_LOSS: logging.WARNING,
}
"""All others, the callers' own faults among them: INFO."""
_LEFT = Outcome(grpc.StatusCode.CANCELLED)

log = logging.getLogger(LOGGER)


class AccessLog(Observer):
    """Logs every call; what the fields are, docs/logging.md says."""

    def begin(self, call: Call) -> None:
        """At DEBUG, tell that it begins."""
        if log.isEnabledFor(logging.DEBUG):
            _log_bodies(call)

    def end(self, call: Call) -> None:
        """Tell how it ended."""
        outcome = call.outcome or _LEFT
        level = _level(call.method, outcome)
        if log.isEnabledFor(level):  # before the fields are made
            emit(log, level, "rpc", _fields(call, outcome), call)


def _level(method: Method, outcome: Outcome) -> int:
    if outcome.code is grpc.StatusCode.OK:
        return logging.DEBUG if method.method_class is MethodClass.HEALTH else logging.INFO
    return _LEVELS.get(outcome.code, logging.INFO)


def _fields(call: Call, outcome: Outcome) -> dict[str, Any]:
    received, sent = call.received, call.sent
    fields: dict[str, Any] = {
        "code": outcome.code.name,
        "duration_ms": round((perf_counter() - call.started) * 1000, 3),
        "credential": call.identity.credential,
        "received_messages": received.messages,
        "received_bytes": received.bytes,
        "sent_messages": sent.messages,
        "sent_bytes": sent.bytes,
    }
    if call.request is not None:
        fields["request"] = parameters_of(call.request)
    if outcome.fault is not None:
        _add_fault(fields, outcome.fault)
    if log.isEnabledFor(logging.DEBUG):
        _add_bodies(fields, call)
    return fields


def _add_fault(fields: dict[str, Any], fault: Fault) -> None:
    fields["reason"] = fault.reason_name
    fields["error"] = cut(fault.message, MAX_TOLD_CHARACTERS)
    if fault.violations:
        fields["violations"] = [_described(each) for each in fault.violations[:MOST_VIOLATIONS]]
        fields["violation_count"] = len(fault.violations)


def _described(violation: Violation) -> dict[str, str]:
    secret = is_secret(violation.field.rpartition(".")[2].partition("[")[0])
    return {
        "field": cut(violation.field, MAX_TOLD_CHARACTERS),
        "value": MASKED if secret else cut(violation.value, MAX_TOLD_CHARACTERS),
        "description": MASKED if secret else cut(violation.description, MAX_TOLD_CHARACTERS),
    }


def _log_bodies(call: Call) -> None:
    """At DEBUG the beginning of a stream is told, and every message that it brings."""
    if call.method.kind == "unary":
        return
    emit(log, logging.DEBUG, "rpc started", {"kind": call.method.kind}, call)

    async def tell(message: Message) -> None:
        emit(log, logging.DEBUG, "rpc received", {"request_body": bodies_of(message)}, call)

    call.inspectors.append(tell)


def _add_bodies(fields: dict[str, Any], call: Call) -> None:
    if call.request is not None and not call.method.client_streaming:
        fields["request_body"] = bodies_of(call.request)
    fields.update(("response_body", bodies_of(answer)) for answer in _answer(call))


def _answer(call: Call) -> Iterator[Message]:
    """The answer of a unary call, decoded again: only DEBUG pays for that."""
    if call.response is not None:
        service = descriptor_pool.Default().FindServiceByName(call.method.service)
        try:
            yield GetMessageClass(service.methods_by_name[call.method.name].output_type).FromString(call.response)
        except DecodeError:
            log.warning("the answer of %s cannot be read again", call.method.path)
