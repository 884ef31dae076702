"""Chunks of payloads that callers send: refused in the catalogue's words when they do not continue what is there."""

from mfn_grpc.core.limits import Violation
from mfn_grpc.tensors import ChunkError, check_chunk
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1.federation_pb2 import Chunk
from mfn_server.errors import Fault


def require_chunk(chunk: Chunk, expected_offset: int, total_bytes: int, field: str = "chunk") -> None:
    """Refuse a chunk, in this field of its message, that does not continue a payload of this length where it ended."""
    try:
        check_chunk(chunk, expected_offset, total_bytes)
    except ChunkError as error:
        text = f"{field}.{error}"
        metadata = {"expected_offset": str(expected_offset)}
        violations = [Violation(f"{field}.{error.field}", "", error.description)]
        if error.reason == reasons.ERROR_REASON_CHECKSUM_MISMATCH:
            violations = []
        raise Fault(error.reason, text, violations=violations, metadata=metadata) from None
