"""Errors: which class a status becomes, and what it tells."""

import base64
import pickle

import grpc
import pytest
from google.rpc import error_details_pb2

from mfn_client import _exceptions as ex
from mfn_client._exceptions import FieldViolation, translated
from tests.client.fakes import FakeRpcError, aio_error, retry_info, status_bytes

CODE = grpc.StatusCode


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        (CODE.INVALID_ARGUMENT, "INVALID_FIELD", ex.InvalidArgument),
        (CODE.INVALID_ARGUMENT, "UNSTABLE_SPEC", ex.UnstableSpec),
        (CODE.FAILED_PRECONDITION, "FIELD_DIVERGED", ex.FieldDiverged),
        (CODE.FAILED_PRECONDITION, "RESUME_TOKEN_STALE", ex.FailedPrecondition),
        (CODE.RESOURCE_EXHAUSTED, "OVERLOADED", ex.Overloaded),
        (CODE.RESOURCE_EXHAUSTED, "RATE_LIMITED", ex.Overloaded),
        (CODE.RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE", ex.ResourceExhausted),
        (CODE.RESOURCE_EXHAUSTED, "", ex.ResourceExhausted),
        (CODE.DEADLINE_EXCEEDED, "", ex.DeadlineExceeded),
        (CODE.UNAVAILABLE, "SERVER_DRAINING", ex.Unavailable),
        (CODE.CANCELLED, "", ex.Unavailable),
        (CODE.UNIMPLEMENTED, "NOT_IMPLEMENTED", ex.Unimplemented),
        (CODE.UNAUTHENTICATED, "CREDENTIALS_MISSING", ex.Unauthenticated),
        (CODE.PERMISSION_DENIED, "SCOPE_MISSING", ex.PermissionDenied),
        (CODE.NOT_FOUND, "RESOURCE_NOT_FOUND", ex.NotFound),
        (CODE.INTERNAL, "INTERNAL", ex.InternalError),
        (CODE.UNKNOWN, "", ex.InternalError),
        (CODE.ABORTED, "SESSION_SUPERSEDED", ex.SessionSuperseded),
        (CODE.ABORTED, "STREAM_IDLE", ex.RpcError),
        (CODE.ALREADY_EXISTS, "RESOURCE_EXISTS", ex.AlreadyExists),
    ],
)
def test_each_status_becomes_its_class(code: grpc.StatusCode, reason: str, kind: type[ex.RpcError]) -> None:
    error = translated(FakeRpcError(code, "sentence", status_bytes(reason)))
    assert type(error) is kind
    assert (error.code, error.reason, error.message) == (code, reason, "sentence")


def full_error() -> ex.RpcError:
    bad = error_details_pb2.BadRequest()
    bad.field_violations.add(field="spec.dt", description="is 9, must be at most 0.25")
    bad.field_violations.add(field="spec.steps", description="is 0, must be 1 to 100,000,000")
    request = error_details_pb2.RequestInfo(request_id="r-1")
    status = status_bytes("INVALID_FIELD", bad, request, retry_info(3), limit="steps")
    return translated(FakeRpcError(CODE.INVALID_ARGUMENT, "2 fields are not valid", status))


def test_the_details_are_decoded() -> None:
    error = full_error()
    assert error.violations == (
        FieldViolation("spec.dt", "is 9, must be at most 0.25"),
        FieldViolation("spec.steps", "is 0, must be 1 to 100,000,000"),
    )
    assert error.request_id == "r-1"
    assert error.retry_after == 3.0
    assert error.metadata == {"limit": "steps"}


def test_the_text_names_every_violation_on_a_line() -> None:
    assert str(full_error()).splitlines() == [
        "2 fields are not valid (INVALID_FIELD)",
        "  spec.dt: is 9, must be at most 0.25",
        "  spec.steps: is 0, must be 1 to 100,000,000",
        "  retry after 3 s",
        "  request id r-1",
    ]


def test_a_message_that_repeats_a_violation_is_left_out() -> None:
    bad = error_details_pb2.BadRequest()
    bad.field_violations.add(field="spec.dt", description="is 9, must be at most 0.25")
    message = "spec.dt is 9, must be at most 0.25 (and 1 more, see the details)"
    error = translated(FakeRpcError(CODE.INVALID_ARGUMENT, message, status_bytes("INVALID_FIELD", bad)))
    assert error.message == message
    assert str(error).splitlines() == [
        "The server refused the request (INVALID_FIELD)",
        "  spec.dt: is 9, must be at most 0.25",
    ]


def test_an_error_of_asyncio_is_translated_alike() -> None:
    fake = FakeRpcError(CODE.UNAVAILABLE, "gone", status_bytes("SERVER_DRAINING"))
    assert str(translated(aio_error(fake))) == str(translated(fake)) == "gone (SERVER_DRAINING)"


def test_an_error_from_below_the_server_has_no_details() -> None:
    error = translated(FakeRpcError(CODE.UNAVAILABLE, "connection refused"))
    assert (error.reason, error.request_id, error.violations, error.retry_after) == ("", "", (), None)
    assert str(error) == f"connection refused (UNAVAILABLE)\n  {error.advice}"


def test_who_reaches_no_server_is_told_how_to_start_one_and_that_it_may_want_tls() -> None:
    told = ex.build(CODE.UNAVAILABLE, "last error: ipv6:[::1]:50051: Connection refused (111)", b"").advice
    assert all(words in told for words in ("`mfn serve`", "tls=True", "--ca-file"))
    assert ex.build(CODE.UNAVAILABLE, "draining", status_bytes("SERVER_DRAINING")).advice == ""


def test_a_call_that_ended_with_its_own_client_is_not_made_again() -> None:
    assert type(ex.build(CODE.CANCELLED, "Channel closed!", b"")) is ex.RpcError


def test_a_reason_of_another_domain_and_details_that_are_no_status_are_ignored() -> None:
    foreign = status_bytes("FIELD_DIVERGED", domain="example.com")
    assert type(translated(FakeRpcError(CODE.FAILED_PRECONDITION, "x", foreign))) is ex.FailedPrecondition
    assert translated(FakeRpcError(CODE.INVALID_ARGUMENT, "x", b"\xff\xff")).reason == ""


def test_a_diverged_field_tells_where_and_how_to_go_on() -> None:
    token = base64.b64encode(b"tok").decode()
    status = status_bytes("FIELD_DIVERGED", step="12", last_finite_step="10", resume_token=token)
    error = translated(FakeRpcError(CODE.FAILED_PRECONDITION, "diverged", status))
    assert isinstance(error, ex.FieldDiverged)
    assert (error.step, error.last_finite_step, error.resume_token) == (12, 10, b"tok")


def test_a_deadline_tells_how_far_it_came() -> None:
    error = ex.out_of_time(40, b"\x00tok")
    assert isinstance(error, ex.DeadlineExceeded)
    assert (error.steps_done, error.resume_token) == (40, b"\x00tok")
    assert error.message == "The deadline came after 40 steps; resume_token continues from there"
    assert ex.out_of_time(1, b"").message == "The deadline came after 1 step"
    assert ex.out_of_time(1000, b"").message == "The deadline came after 1,000 steps"
    bare = translated(FakeRpcError(CODE.DEADLINE_EXCEEDED, "Deadline Exceeded"))
    assert isinstance(bare, ex.DeadlineExceeded)
    assert (bare.steps_done, bare.resume_token) == (None, b"")


def test_a_damaged_token_in_the_metadata_counts_as_none() -> None:
    status = status_bytes("DEADLINE_TOO_SHORT", resume_token="*", steps_done="-1")
    error = translated(FakeRpcError(CODE.DEADLINE_EXCEEDED, "late", status))
    assert isinstance(error, ex.DeadlineExceeded)
    assert (error.steps_done, error.resume_token) == (None, b"")


def test_errors_survive_pickling() -> None:
    again = pickle.loads(pickle.dumps(full_error()))
    assert type(again) is ex.InvalidArgument
    assert str(again) == str(full_error())


def test_local_faults_look_like_the_servers() -> None:
    error = ex.invalid([FieldViolation("a", "is bad"), FieldViolation("b", "is worse")])
    assert isinstance(error, ex.InvalidArgument)
    assert error.reason == "INVALID_FIELD"
    assert [each.field for each in error.violations] == ["a", "b"]
