"""Why a call failed, in a word: the server's reason where it gave one."""

from typing import Any

from google.rpc import error_details_pb2, status_pb2

from benchmarks.load.profiles import RATE_LIMITED

DETAILS, PUSHBACK = "grpc-status-details-bin", "grpc-retry-pushback-ms"


def reason_of(error: Any) -> str:
    """The reason of a failed call's ErrorInfo, else its status code.

    A RATE_LIMITED that does not say when to come back, in RetryInfo and as pushback, is another reason: a fault.
    """
    trailers = dict(error.trailing_metadata() or ())
    details = status_pb2.Status.FromString(trailers.get(DETAILS, b"")).details
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    for detail in details:
        detail.Unpack(info)
        detail.Unpack(retry)
    reason = info.reason or error.code().name
    if reason != RATE_LIMITED:
        return reason
    return reason if _says_when(retry, str(trailers.get(PUSHBACK, ""))) else f"{reason} without RetryInfo or pushback"


def _says_when(retry: error_details_pb2.RetryInfo, pushback: str) -> bool:
    wait_ms = retry.retry_delay.ToMilliseconds()
    return wait_ms > 0 and pushback.isdecimal() and abs(int(pushback) - wait_ms) <= 1  # they may round differently
