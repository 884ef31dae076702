"""Print docs/errors.md from the catalogue in the stubs: `python docs/generate_errors.py > docs/errors.md`."""

from collections.abc import Iterator

from google.protobuf.descriptor import EnumValueDescriptor

from mfn_grpc.v1 import error_reason_pb2
from mfn_grpc.v1.error_reason_pb2 import ErrorReasonInfo, error_reason_info

PREFIX = "ERROR_REASON_"
GROUPS = {
    "Messages and streams": range(1, 10),
    "Values": range(10, 20),
    "Resuming": range(20, 30),
    "Load and life cycle": range(30, 40),
    "Who may call": range(40, 50),
    "Resources": range(50, 60),
    "Federation": range(60, 80),
}
"""The numbers of each group, as error_reason.proto lays them out."""

INTRODUCTION = """\
# Errors

<!-- Written by docs/generate_errors.py from protos/mfn_grpc/v1/error_reason.proto; do not edit. -->

Every call that fails ends with a gRPC status code, a sentence for people, and a `google.rpc.Status` in the trailer
`grpc-status-details-bin`. Its details are for programs:

| detail | when | what it holds |
| --- | --- | --- |
| `ErrorInfo` | always | `reason`: a name from the tables below; `domain`: `mfn.v1`; `metadata`: as the reason says |
| `RequestInfo` | always | `request_id`: finds the call in the server's log |
| `BadRequest` | bad input | one violation for every faulty field: its path, its value, its range and what to do |
| `RetryInfo` | limits and overload | `retry_delay`: how long to wait |
| `QuotaFailure` | quotas and rate limits | which limit was reached |

All faults of a request are reported at once: the first 50 violations, then how many more there are. Where `RetryInfo`
is given, the trailer `grpc-retry-pushback-ms` says the same to clients with a gRPC retry policy. A status code alone
does not tell failures apart (`RESOURCE_EXHAUSTED` is both a full server and a message too large), the reason does.

Faults below the messages are gRPC's own: they carry a status code, but no details.

| fault | status code |
| --- | --- |
| a request message above 8 MiB (up to that it is `MESSAGE_TOO_LARGE`) | `RESOURCE_EXHAUSTED` |
| metadata above 8 KiB | `RESOURCE_EXHAUSTED` |
| a deadline that passes at the client | `DEADLINE_EXCEEDED` |
| a server that cannot be reached | `UNAVAILABLE` |
"""

HEADER = """\
| reason | status code | when | what to do |
| --- | --- | --- | --- |
"""


def row(value: EnumValueDescriptor) -> str:
    """One reason as a line of a table."""
    extensions = value.GetOptions().Extensions
    info: ErrorReasonInfo = extensions[error_reason_info]  # type: ignore[index]  # the stub types no extension
    texts = (text.replace("|", r"\|") for text in (info.meaning, info.remedy))
    return f"| `{value.name.removeprefix(PREFIX)}` | `{info.status_code}` | {' | '.join(texts)} |\n"


def sections() -> Iterator[str]:
    """One table for each group; KeyError for a reason that belongs to none."""
    group_of = {number: title for title, numbers in GROUPS.items() for number in numbers}
    rows: dict[str, str] = dict.fromkeys(GROUPS, "")
    for value in error_reason_pb2.DESCRIPTOR.enum_types_by_name["ErrorReason"].values:
        if value.number:
            rows[group_of[value.number]] += row(value)
    for title, lines in rows.items():
        yield f"## {title}\n\n{HEADER}{lines}"


def page() -> str:
    """The whole of docs/errors.md."""
    return "\n".join((INTRODUCTION, *sections()))


if __name__ == "__main__":
    print(page(), end="")
