from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_MALFORMED_REQUEST: _ClassVar[ErrorReason]
    ERROR_REASON_MISSING_REQUEST: _ClassVar[ErrorReason]
    ERROR_REASON_UNEXPECTED_MESSAGE: _ClassVar[ErrorReason]
    ERROR_REASON_MESSAGE_TOO_LARGE: _ClassVar[ErrorReason]
    ERROR_REASON_RESPONSE_TOO_LARGE: _ClassVar[ErrorReason]
    ERROR_REASON_NOT_IMPLEMENTED: _ClassVar[ErrorReason]
    ERROR_REASON_STREAM_IDLE: _ClassVar[ErrorReason]
    ERROR_REASON_OFFSET_MISMATCH: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_FIELD: _ClassVar[ErrorReason]
    ERROR_REASON_UNSTABLE_SPEC: _ClassVar[ErrorReason]
    ERROR_REASON_FIELD_DIVERGED: _ClassVar[ErrorReason]
    ERROR_REASON_RESUME_TOKEN_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_RESUME_TOKEN_FOREIGN: _ClassVar[ErrorReason]
    ERROR_REASON_RESUME_TOKEN_STALE: _ClassVar[ErrorReason]
    ERROR_REASON_OVERLOADED: _ClassVar[ErrorReason]
    ERROR_REASON_RATE_LIMITED: _ClassVar[ErrorReason]
    ERROR_REASON_QUOTA_EXCEEDED: _ClassVar[ErrorReason]
    ERROR_REASON_DEADLINE_TOO_SHORT: _ClassVar[ErrorReason]
    ERROR_REASON_SERVER_DRAINING: _ClassVar[ErrorReason]
    ERROR_REASON_WARMING_UP: _ClassVar[ErrorReason]
    ERROR_REASON_INTERNAL: _ClassVar[ErrorReason]
    ERROR_REASON_STORAGE_FULL: _ClassVar[ErrorReason]
    ERROR_REASON_LIMITS_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_CREDENTIALS_MISSING: _ClassVar[ErrorReason]
    ERROR_REASON_CREDENTIALS_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_SCOPE_MISSING: _ClassVar[ErrorReason]
    ERROR_REASON_RESOURCE_NOT_FOUND: _ClassVar[ErrorReason]
    ERROR_REASON_RESOURCE_EXISTS: _ClassVar[ErrorReason]
    ERROR_REASON_PAGE_TOKEN_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_REQUEST_ID_REUSED: _ClassVar[ErrorReason]
    ERROR_REASON_UID_MISMATCH: _ClassVar[ErrorReason]
    ERROR_REASON_FEDERATION_NOT_RUNNING: _ClassVar[ErrorReason]
    ERROR_REASON_NOT_OWNER: _ClassVar[ErrorReason]
    ERROR_REASON_SESSION_SUPERSEDED: _ClassVar[ErrorReason]
    ERROR_REASON_NOT_ENROLLED: _ClassVar[ErrorReason]
    ERROR_REASON_SIGNATURE_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_CHECKSUM_MISMATCH: _ClassVar[ErrorReason]
    ERROR_REASON_MANIFEST_MISMATCH: _ClassVar[ErrorReason]
    ERROR_REASON_MODEL_VERSION_MISMATCH: _ClassVar[ErrorReason]
    ERROR_REASON_QUORUM_NOT_REACHED: _ClassVar[ErrorReason]
    ERROR_REASON_ROUND_MISMATCH: _ClassVar[ErrorReason]
    ERROR_REASON_NOT_SELECTED: _ClassVar[ErrorReason]
    ERROR_REASON_DIGEST_MISMATCH: _ClassVar[ErrorReason]
    ERROR_REASON_SEAL_BROKEN: _ClassVar[ErrorReason]
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_MALFORMED_REQUEST: ErrorReason
ERROR_REASON_MISSING_REQUEST: ErrorReason
ERROR_REASON_UNEXPECTED_MESSAGE: ErrorReason
ERROR_REASON_MESSAGE_TOO_LARGE: ErrorReason
ERROR_REASON_RESPONSE_TOO_LARGE: ErrorReason
ERROR_REASON_NOT_IMPLEMENTED: ErrorReason
ERROR_REASON_STREAM_IDLE: ErrorReason
ERROR_REASON_OFFSET_MISMATCH: ErrorReason
ERROR_REASON_INVALID_FIELD: ErrorReason
ERROR_REASON_UNSTABLE_SPEC: ErrorReason
ERROR_REASON_FIELD_DIVERGED: ErrorReason
ERROR_REASON_RESUME_TOKEN_INVALID: ErrorReason
ERROR_REASON_RESUME_TOKEN_FOREIGN: ErrorReason
ERROR_REASON_RESUME_TOKEN_STALE: ErrorReason
ERROR_REASON_OVERLOADED: ErrorReason
ERROR_REASON_RATE_LIMITED: ErrorReason
ERROR_REASON_QUOTA_EXCEEDED: ErrorReason
ERROR_REASON_DEADLINE_TOO_SHORT: ErrorReason
ERROR_REASON_SERVER_DRAINING: ErrorReason
ERROR_REASON_WARMING_UP: ErrorReason
ERROR_REASON_INTERNAL: ErrorReason
ERROR_REASON_STORAGE_FULL: ErrorReason
ERROR_REASON_LIMITS_UNAVAILABLE: ErrorReason
ERROR_REASON_CREDENTIALS_MISSING: ErrorReason
ERROR_REASON_CREDENTIALS_INVALID: ErrorReason
ERROR_REASON_SCOPE_MISSING: ErrorReason
ERROR_REASON_RESOURCE_NOT_FOUND: ErrorReason
ERROR_REASON_RESOURCE_EXISTS: ErrorReason
ERROR_REASON_PAGE_TOKEN_INVALID: ErrorReason
ERROR_REASON_REQUEST_ID_REUSED: ErrorReason
ERROR_REASON_UID_MISMATCH: ErrorReason
ERROR_REASON_FEDERATION_NOT_RUNNING: ErrorReason
ERROR_REASON_NOT_OWNER: ErrorReason
ERROR_REASON_SESSION_SUPERSEDED: ErrorReason
ERROR_REASON_NOT_ENROLLED: ErrorReason
ERROR_REASON_SIGNATURE_INVALID: ErrorReason
ERROR_REASON_CHECKSUM_MISMATCH: ErrorReason
ERROR_REASON_MANIFEST_MISMATCH: ErrorReason
ERROR_REASON_MODEL_VERSION_MISMATCH: ErrorReason
ERROR_REASON_QUORUM_NOT_REACHED: ErrorReason
ERROR_REASON_ROUND_MISMATCH: ErrorReason
ERROR_REASON_NOT_SELECTED: ErrorReason
ERROR_REASON_DIGEST_MISMATCH: ErrorReason
ERROR_REASON_SEAL_BROKEN: ErrorReason
ERROR_REASON_INFO_FIELD_NUMBER: int
error_reason_info: _descriptor.FieldDescriptor

class ErrorReasonInfo(_message.Message):
    __slots__ = ("status_code", "meaning", "remedy")
    STATUS_CODE_FIELD_NUMBER: _ClassVar[int]
    MEANING_FIELD_NUMBER: _ClassVar[int]
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    status_code: str
    meaning: str
    remedy: str
    def __init__(self, status_code: _Optional[str] = ..., meaning: _Optional[str] = ..., remedy: _Optional[str] = ...) -> None: ...
