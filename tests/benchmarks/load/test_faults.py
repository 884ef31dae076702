from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as Detail
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2

from benchmarks.load.faults import reason_of


class Failure:
    """A failed call with these trailers."""

    def __init__(self, trailers: Any) -> None:
        self._trailers = trailers

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.RESOURCE_EXHAUSTED

    def trailing_metadata(self) -> Any:
        return self._trailers


def refusal(reason: str, retry_ms: int | None = None, pushback: str | None = None) -> Failure:
    details = [packed(error_details_pb2.ErrorInfo(reason=reason, domain="mfn.v1"))]
    if retry_ms is not None:
        delay = Duration()
        delay.FromMilliseconds(retry_ms)
        details.append(packed(error_details_pb2.RetryInfo(retry_delay=delay)))
    trailers = [("grpc-status-details-bin", status_pb2.Status(code=8, details=details).SerializeToString())]
    return Failure([*trailers, *([("grpc-retry-pushback-ms", pushback)] if pushback is not None else [])])


def packed(message: Any) -> Detail:
    detail = Detail()
    detail.Pack(message)
    return detail


def test_the_reason_is_the_servers_where_it_gave_one() -> None:
    assert reason_of(refusal("OVERLOADED")) == "OVERLOADED"
    assert reason_of(Failure(())) == reason_of(Failure(None)) == "RESOURCE_EXHAUSTED"


def test_a_rate_limit_that_says_when_to_come_back_is_a_plain_one() -> None:
    assert reason_of(refusal("RATE_LIMITED", 21, "21")) == "RATE_LIMITED"


def test_a_rate_limit_that_does_not_is_a_fault_of_its_own() -> None:
    silent = [refusal("RATE_LIMITED", *said) for said in ((), (21,), (None, "21"), (0, "0"), (21, "500"), (21, "soon"))]
    assert {reason_of(each) for each in silent} == {"RATE_LIMITED without RetryInfo or pushback"}
