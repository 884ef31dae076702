"""One log line a call, when it has ended."""

import asyncio
import logging
from collections.abc import Iterator
from contextvars import Context
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


class _Ended(NamedTuple):  # one is made for each call, and a frozen dataclass sets its fields one by one
    """A call whose line is still to be written. at: seconds since 1970."""

    call: Call
    outcome: Outcome
    level: int
    at: float
    took_s: float


class AccessLog(Observer):
    """Logs every call; what the fields are, docs/logging.md says.

    The lines of calls that end in one turn of the event loop are written together in the next: one after the other they
    find the code in the processor's caches. Those that name a span are written while it is open.
    """

    def __init__(self) -> None:
        self._ended: list[_Ended] = []
        self._context = Context()

    def begin(self, call: Call) -> None:
        """At DEBUG, tell that it begins."""
        if log.isEnabledFor(logging.DEBUG):
            _log_bodies(call)

    def end(self, call: Call) -> None:
        """Tell how it ended."""
        outcome = call.outcome or _LEFT
        level = _level(call.method, outcome)
        if log.isEnabledFor(level):  # before the fields are made
            ended = _Ended(call, outcome, level, time(), perf_counter() - call.started)
            if call.trace is None:
                self._write_soon(ended)
            else:
                _write(ended)

    def _write_soon(self, ended: _Ended) -> None:
        if not self._ended:
            # In a context of its own: the call that happens to end first has nothing to do with the others.
            asyncio.get_running_loop().call_soon(self._write_all, context=self._context)
        self._ended.append(ended)

    def _write_all(self) -> None:
        ended, self._ended = self._ended, []
        _write_each(iter(ended))


def _write_each(ended: Iterator[_Ended]) -> None:
    """All lines, also after one that cannot be made."""
    try:
        for each in ended:
            _write(each)
    except BaseException:
        _write_each(ended)
        raise


def _write(ended: _Ended) -> None:
    emit(log, ended.level, "rpc", _fields(ended), ended.call, ended.at)


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
