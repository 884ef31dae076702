"""From a fault to what the caller sees: one catalogue (error_reason.proto), one translator.

Every failed call ends with the status code of its reason, a google.rpc.Status with ErrorInfo and RequestInfo, and,
where they help, BadRequest, RetryInfo and the trailer `grpc-retry-pushback-ms`. No exception's own text leaves.
"""

from collections.abc import Iterable, Iterator, Mapping

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from mfn_grpc.core.limits import InvalidInput, UnstableSpec, Violation
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1.error_reason_pb2 import ErrorReason

DOMAIN = "mfn.v1"
PREFIX = "ERROR_REASON_"
MAX_VIOLATIONS = 50
MAX_VIOLATION_BYTES = 3072
"""Details travel in a trailer, base64-coded; callers accept 8 KiB of metadata in all."""
MAX_DESCRIPTION_BYTES = 300

LIMITS = frozenset(
    {reasons.ERROR_REASON_OVERLOADED, reasons.ERROR_REASON_RATE_LIMITED, reasons.ERROR_REASON_QUOTA_EXCEEDED}
)
"""Reasons that say which limit was reached, in QuotaFailure."""


class Fault(Exception):
    """A failure with a reason of the catalogue; its message is written for the caller.

    limit: of the reasons in LIMITS, whose limit was reached and which, as QuotaFailure names it.
    """

    def __init__(
        self,
        reason: ErrorReason,
        message: str,
        *,
        violations: Iterable[Violation] = (),
        metadata: Mapping[str, str] | None = None,
        retry_after_s: float | None = None,
        limit: str | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.violations = tuple(violations)
        self.metadata = dict(metadata or {})
        self.retry_after_s = retry_after_s
        self.limit = limit

    @property
    def reason_name(self) -> str:
        """The reason as callers and logs are told it."""
        return ErrorReason.Name(self.reason).removeprefix(PREFIX)

    @property
    def status_code(self) -> grpc.StatusCode:
        """The gRPC status code that the catalogue gives the reason."""
        return grpc.StatusCode[_info(self.reason).status_code]


def draining() -> Fault:
    """The failure of a call that a server which shuts down does not take, or cannot end."""
    text = "the server is shutting down; another replica, or this one once restarted, will answer"
    return Fault(reasons.ERROR_REASON_SERVER_DRAINING, text)


def invalid(error: InvalidInput) -> Fault:
    """The fault of input outside its limits."""
    unstable = isinstance(error, UnstableSpec)
    reason = reasons.ERROR_REASON_UNSTABLE_SPEC if unstable else reasons.ERROR_REASON_INVALID_FIELD
    first, *others = error.violations
    more = f" (and {len(others)} more, see the details)" if others else ""
    message = f"{_shorten(first.field)} {_shorten(first.description)}{more}"
    return Fault(reason, message, violations=error.violations)


def status_of(fault: Fault, request_id: str) -> status_pb2.Status:
    """The complete google.rpc.Status of a fault."""
    name = fault.reason_name
    details: list[Message] = [
        error_details_pb2.ErrorInfo(reason=name, domain=DOMAIN, metadata=fault.metadata),
        error_details_pb2.RequestInfo(request_id=request_id),
    ]
    if fault.violations:
        details.append(error_details_pb2.BadRequest(field_violations=_field_violations(fault.violations)))
    if fault.reason in LIMITS:
        subject = _shorten(fault.limit or name)
        limit = error_details_pb2.QuotaFailure.Violation(subject=subject, description=fault.message)
        details.append(error_details_pb2.QuotaFailure(violations=[limit]))
    if fault.retry_after_s is not None:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(round(fault.retry_after_s * 1000))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    return status_pb2.Status(
        code=fault.status_code.value[0], message=fault.message, details=[_packed(detail) for detail in details]
    )


def trailers_of(fault: Fault, request_id: str) -> tuple[tuple[str, str | bytes], ...]:
    """The trailing metadata of a failed call."""
    status = "grpc-status-details-bin", status_of(fault, request_id).SerializeToString()
    trailers: tuple[tuple[str, str | bytes], ...] = (status, ("x-request-id", request_id))
    if fault.retry_after_s is not None:
        trailers = (*trailers, ("grpc-retry-pushback-ms", str(round(fault.retry_after_s * 1000))))
    return trailers


def _info(reason: ErrorReason) -> reasons.ErrorReasonInfo:
    options = ErrorReason.DESCRIPTOR.values_by_number[reason].GetOptions()
    info: reasons.ErrorReasonInfo = options.Extensions[reasons.error_reason_info]  # type: ignore[index]  # protoc types it as a descriptor
    return info


def _field_violations(violations: tuple[Violation, ...]) -> Iterator[error_details_pb2.BadRequest.FieldViolation]:
    budget = MAX_VIOLATION_BYTES
    for sent, violation in enumerate(violations):
        field = error_details_pb2.BadRequest.FieldViolation(
            field=_shorten(violation.field), description=_shorten(violation.description)
        )
        budget -= field.ByteSize()
        if sent == MAX_VIOLATIONS or budget < 0:
            rest = f"and {len(violations) - sent} more faults"
            yield error_details_pb2.BadRequest.FieldViolation(field="...", description=rest)
            return
        yield field


def _shorten(text: str) -> str:
    raw = text.encode()
    if len(raw) <= MAX_DESCRIPTION_BYTES:
        return text
    return f"{raw[: MAX_DESCRIPTION_BYTES - 3].decode(errors='ignore')}..."


def _packed(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
