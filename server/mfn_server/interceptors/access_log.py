"""One log line a call, when it has ended."""

import logging
from collections.abc import Iterator
from time import perf_counter, time
from typing import Any, NamedTuple

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from mfn_grpc.core.limits import Violation
from mfn_server.errors import Fault
from mfn_server.rpc.call import Call, Outcome
from mfn_server.rpc.chain import Observer
from mfn_server.rpc.methods import Method, MethodClass
from mfn_server.telemetry.entries import emit, fields_of_ended
from mfn_server.telemetry.handler import only_handler
from mfn_server.telemetry.masking import MASKED, MAX_TOLD_CHARACTERS, bodies_of, cut, is_secret, parameters_of

LOGGER = "mfn.access"
MESSAGE = "rpc"
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


class _Ended(NamedTuple):  # one is made for each call, and a frozen dataclass sets its fields one by one
    """A call that has ended. at: seconds since 1970."""

    call: Call
    outcome: Outcome
    level: int
    at: float
    took_s: float


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
            _write(_Ended(call, outcome, level, time(), perf_counter() - call.started))


def _write(ended: _Ended) -> None:
    """To the handler at once, where it is the only one: a record and its way through the loggers cost more than it."""
    call, level, own = ended.call, ended.level, _fields(ended)
    handler = None if call.trace is not None else only_handler(log)  # a line of a span names it
    if handler is None or level < handler.level:
        emit(log, level, MESSAGE, own, call, ended.at)
    else:
        handler.write(fields_of_ended(LOGGER, level, MESSAGE, own, call, ended.at), call)


def _level(method: Method, outcome: Outcome) -> int:
    if outcome.code is grpc.StatusCode.OK:
        return logging.DEBUG if method.method_class is MethodClass.HEALTH else logging.INFO
    return _LEVELS.get(outcome.code, logging.INFO)


def _fields(ended: _Ended) -> dict[str, Any]:
    call, outcome = ended.call, ended.outcome
    received, sent = call.received, call.sent
    fields: dict[str, Any] = {
        "code": outcome.code.name,
        "duration_ms": round(ended.took_s * 1000, 3),
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
