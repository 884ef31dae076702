"""Reads the catalogue of errors from the stubs."""

from mfn_grpc.v1 import error_reason_pb2
from mfn_grpc.v1.error_reason_pb2 import ErrorReasonInfo, error_reason_info

ENUM = error_reason_pb2.DESCRIPTOR.enum_types_by_name["ErrorReason"]


def info_of(number: int) -> ErrorReasonInfo:
    """What the catalogue says about a reason; all empty when it says nothing."""
    extensions = ENUM.values_by_number[number].GetOptions().Extensions
    info: ErrorReasonInfo = extensions[error_reason_info]  # type: ignore[index]  # the stub types no extension
    return info
