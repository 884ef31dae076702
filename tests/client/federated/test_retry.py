"""Which failures a participant outlives, and how long it waits."""

import math
from typing import Any

import grpc
import pytest

from mfn_client import MfnError, RpcError, StreamCorrupted
from mfn_client._exceptions import build
from mfn_client.federated._retry import LONGEST_DELAY_S, Retry, passes
from mfn_grpc.v1 import error_reason_pb2 as reasons
from tests.client.fakes import Clock, retry_info, status_bytes

CODE = grpc.StatusCode
PASSING = [
    "STREAM_IDLE",
    "SERVER_DRAINING",
    "WARMING_UP",
    "NOT_OWNER",
    "STORAGE_FULL",
    "INTERNAL",
    "CHECKSUM_MISMATCH",
    "DIGEST_MISMATCH",
    "OFFSET_MISMATCH",
    "ROUND_MISMATCH",
    "MODEL_VERSION_MISMATCH",
    "NOT_SELECTED",
    "SEAL_BROKEN",
]
STAYING = [
    "SESSION_SUPERSEDED",
    "NOT_ENROLLED",
    "SIGNATURE_INVALID",
    "MANIFEST_MISMATCH",
    "CREDENTIALS_MISSING",
    "CREDENTIALS_INVALID",
    "SCOPE_MISSING",
    "RESOURCE_NOT_FOUND",
    "INVALID_FIELD",
    "UNEXPECTED_MESSAGE",
    "MALFORMED_REQUEST",
    "NOT_IMPLEMENTED",
    "QUOTA_EXCEEDED",
    "FEDERATION_NOT_RUNNING",
    "OVERLOADED",
]


def failure(code: grpc.StatusCode, reason: str = "", seconds: int | None = None) -> RpcError:
    details = () if seconds is None else (retry_info(seconds),)
    return build(code, "why", status_bytes(reason, *details) if reason else b"")


def catalogued(reason: str, seconds: int | None = None) -> RpcError:
    value: Any = reasons.ErrorReason.DESCRIPTOR.values_by_name[f"ERROR_REASON_{reason}"]
    name = value.GetOptions().Extensions[reasons.error_reason_info].status_code
    code = next(each for each in CODE if each.name == name)
    return failure(code, reason, seconds)


@pytest.mark.parametrize("reason", PASSING)
def test_what_may_pass_is_outlived(reason: str) -> None:
    assert passes(catalogued(reason))


@pytest.mark.parametrize("reason", STAYING)
def test_what_stays_is_raised(reason: str) -> None:
    with pytest.raises(RpcError, match=reason):
        Retry(math.inf).delay(catalogued(reason))


@pytest.mark.parametrize(
    "code", [CODE.UNAVAILABLE, CODE.CANCELLED, CODE.DEADLINE_EXCEEDED, CODE.INTERNAL, CODE.UNKNOWN]
)
def test_failures_of_the_way_to_the_server_pass(code: grpc.StatusCode) -> None:
    assert passes(failure(code))


@pytest.mark.parametrize("code", [CODE.UNIMPLEMENTED, CODE.RESOURCE_EXHAUSTED, CODE.PERMISSION_DENIED, CODE.NOT_FOUND])
def test_other_failures_below_the_server_do_not(code: grpc.StatusCode) -> None:
    assert not passes(failure(code))


def test_damaged_streams_pass_and_other_errors_do_not() -> None:
    assert passes(StreamCorrupted("a gap"))
    assert not passes(MfnError("something else"))


def test_a_busy_server_is_asked_again_after_the_time_it_names() -> None:
    assert Retry(60, jitter=lambda: 0.0).delay(catalogued("OVERLOADED", 9)) == 9.0


def test_delays_double_up_to_the_longest_and_are_drawn_from_the_whole_span() -> None:
    lost = failure(CODE.UNAVAILABLE)
    most, none = Retry(math.inf, jitter=lambda: 1.0), Retry(math.inf, jitter=lambda: 0.0)
    delays = [most.delay(lost) for _ in range(40)]
    assert delays[:4] == pytest.approx([0.1, 0.2, 0.4, 0.8])
    assert delays[-1] == LONGEST_DELAY_S
    assert {none.delay(lost) for _ in range(40)} == {0.0}


def test_the_budget_runs_from_the_first_failure_and_progress_begins_it_anew() -> None:
    clock, lost = Clock(), failure(CODE.UNAVAILABLE)
    retry = Retry(10, clock, lambda: 1.0)
    retry.delay(lost)
    clock.sleep(10)
    retry.delay(lost)
    retry.progress()
    clock.sleep(1000)
    assert retry.delay(lost) == pytest.approx(0.1)
    clock.sleep(10.5)
    with pytest.raises(RpcError, match="why"):
        retry.delay(lost)


def test_until_a_server_has_answered_the_first_budget_counts() -> None:
    for error, lasts in (
        (failure(CODE.UNAVAILABLE), False),
        (catalogued("NOT_OWNER"), False),
        (catalogued("WARMING_UP"), True),
    ):
        clock = Clock()
        retry = Retry(1000, clock, lambda: 0.0, first_budget_s=30)
        retry.delay(error)
        clock.sleep(31)
        if lasts:
            retry.delay(failure(CODE.UNAVAILABLE))
        else:
            with pytest.raises(RpcError):
                retry.delay(error)


def test_once_it_has_answered_the_other_one_does() -> None:
    clock, lost = Clock(), failure(CODE.UNAVAILABLE)
    retry = Retry(1000, clock, lambda: 0.0, first_budget_s=30)
    retry.delay(lost)
    retry.answered()
    clock.sleep(1000)
    retry.delay(lost)
    clock.sleep(1)
    with pytest.raises(RpcError):
        retry.delay(lost)
