"""From faults to trailers: complete, within 8 KiB, and nothing of an exception's own text."""

from typing import Any, TypeVar

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.limits import InvalidInput, UnstableSpec, Violation
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1.error_reason_pb2 import ErrorReason
from mfn_server.errors import MAX_VIOLATIONS, Fault, invalid, status_of, trailers_of
from tests.contract.reasons import info_of
from tests.server.calling import METADATA_LIMIT, wire_size

REASONS = [number for number in ErrorReason.values() if number != reasons.ERROR_REASON_UNSPECIFIED]
LONGEST_REQUEST_ID = "x" * 64
Detail = TypeVar("Detail", bound=Message)


def detail(status: status_pb2.Status, kind: type[Detail]) -> Detail | None:
    """The detail of this kind, None when there is none."""
    for packed in status.details:
        found = kind()
        if packed.Unpack(found):
            return found
    return None


def violations_in(status: status_pb2.Status) -> list[tuple[str, str]]:
    bad = detail(status, error_details_pb2.BadRequest)
    assert bad is not None
    return [(each.field, each.description) for each in bad.field_violations]


def many(count: int, text: str = "is wrong") -> list[Violation]:
    return [Violation(f"f{i}", "0", text) for i in range(count)]


@pytest.mark.parametrize("reason", REASONS, ids=ErrorReason.Name)
def test_every_reason_ends_with_the_status_code_of_the_catalogue(reason: ErrorReason) -> None:
    fault = Fault(reason, "words")
    status = status_of(fault, "id-1")
    assert fault.status_code.name == info_of(reason).status_code
    assert (status.code, status.message) == (fault.status_code.value[0], "words")
    info = detail(status, error_details_pb2.ErrorInfo)
    assert info is not None
    assert (f"ERROR_REASON_{info.reason}", info.domain) == (ErrorReason.Name(reason), "mfn.v1")


def test_every_failure_names_its_request_in_the_details_and_in_a_trailer() -> None:
    trailers = dict[str, Any](trailers_of(Fault(reasons.ERROR_REASON_INTERNAL, "words"), "id-1"))
    status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
    request = detail(status, error_details_pb2.RequestInfo)
    assert request is not None
    assert (request.request_id, trailers["x-request-id"]) == ("id-1", "id-1")


def test_metadata_reaches_the_error_info() -> None:
    fault = Fault(reasons.ERROR_REASON_FIELD_DIVERGED, "words", metadata={"step": "9"})
    info = detail(status_of(fault, ""), error_details_pb2.ErrorInfo)
    assert info is not None
    assert dict(info.metadata) == {"step": "9"}


def test_a_fault_with_a_time_to_come_back_says_so_to_callers_and_to_grpcs_own_retries() -> None:
    fault = Fault(reasons.ERROR_REASON_OVERLOADED, "busy", retry_after_s=1.2344)
    retry = detail(status_of(fault, ""), error_details_pb2.RetryInfo)
    assert retry is not None
    assert retry.retry_delay.ToMilliseconds() == 1234
    assert dict(trailers_of(fault, ""))["grpc-retry-pushback-ms"] == "1234"


def test_a_fault_without_one_leaves_retrying_to_the_caller() -> None:
    fault = Fault(reasons.ERROR_REASON_OVERLOADED, "too large for ever")
    assert detail(status_of(fault, ""), error_details_pb2.RetryInfo) is None
    assert "grpc-retry-pushback-ms" not in dict(trailers_of(fault, ""))


def test_input_outside_its_limits_is_an_invalid_field_and_instability_alone_has_a_reason_of_its_own() -> None:
    assert invalid(InvalidInput(many(1))).reason == reasons.ERROR_REASON_INVALID_FIELD
    assert invalid(UnstableSpec(many(1))).reason == reasons.ERROR_REASON_UNSTABLE_SPEC


def test_the_message_says_what_is_wrong_first_and_how_many_faults_follow() -> None:
    assert invalid(InvalidInput(many(1))).message == "f0 is wrong"
    assert invalid(InvalidInput(many(3))).message == "f0 is wrong (and 2 more, see the details)"


def test_up_to_fifty_violations_are_all_listed() -> None:
    status = status_of(invalid(InvalidInput(many(MAX_VIOLATIONS))), "")
    assert violations_in(status) == [(f"f{i}", "is wrong") for i in range(50)]


def test_of_more_than_fifty_violations_the_rest_is_counted() -> None:
    listed = violations_in(status_of(invalid(InvalidInput(many(60))), ""))
    assert listed == [*((f"f{i}", "is wrong") for i in range(50)), ("...", "and 10 more faults")]


def test_long_violations_give_way_to_a_count_before_the_trailers_grow_too_large() -> None:
    listed = violations_in(status_of(invalid(InvalidInput(many(40, "x" * 5000))), ""))
    assert 5 < len(listed) < 40
    assert listed[-1] == ("...", f"and {40 - (len(listed) - 1)} more faults")
    assert all(len(text) <= 300 for _, text in listed)


texts = st.one_of(
    st.text(max_size=40), st.integers(1, 2000).map(lambda n: "𝛼" * n), st.integers(1, 5000).map(lambda n: "%" * n)
)


@given(
    st.lists(st.builds(Violation, texts, st.just(""), texts), min_size=1, max_size=80),
    st.sampled_from([None, 0.1, 30.0]),
)
def test_whatever_the_violations_the_trailers_stay_within_what_callers_accept(
    violations: list[Violation], retry_s: float | None
) -> None:
    base = invalid(InvalidInput(violations))
    fault = Fault(base.reason, base.message, violations=base.violations, retry_after_s=retry_s)
    assert wire_size(fault.message, trailers_of(fault, LONGEST_REQUEST_ID)) <= METADATA_LIMIT
    listed = violations_in(status_of(fault, ""))
    assert len(listed) == len(violations) or listed[-1] == (
        "...",
        f"and {len(violations) - len(listed) + 1} more faults",
    )


def test_a_fault_is_an_exception_whose_text_is_the_message() -> None:
    fault = Fault(reasons.ERROR_REASON_INTERNAL, "words")
    assert str(fault) == "words"
    assert fault.status_code is grpc.StatusCode.INTERNAL
