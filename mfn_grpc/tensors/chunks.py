"""Payloads cut into checksummed chunks, and what can be wrong with one."""

from collections.abc import Callable, Iterator

import google_crc32c

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1.error_reason_pb2 import ErrorReason
from mfn_grpc.v1.federation_pb2 import Chunk

CHUNK_BYTES = 256 * 1024
"""Most bytes of data in one chunk."""


class ChunkError(ValueError):
    """A chunk that must be refused.

    field: the field of Chunk at fault. reason: OFFSET_MISMATCH, INVALID_FIELD or CHECKSUM_MISMATCH of the catalogue.
    expected_offset: where the next chunk has to begin.
    """

    def __init__(self, field: str, description: str, reason: ErrorReason, expected_offset: int) -> None:
        super().__init__(f"{field} {description}")
        self.field, self.description = field, description
        self.reason, self.expected_offset = reason, expected_offset


def chunks(read_bytes: Callable[[int, int], bytes | memoryview], total_bytes: int, offset: int = 0) -> Iterator[Chunk]:
    """A payload from `offset` on, in chunks of CHUNK_BYTES; none when it ends there.

    Args:
        read_bytes: Gives the bytes start..stop of the payload.
        total_bytes: The payload's length.
        offset: First byte to send.
    """
    for start in range(offset, total_bytes, CHUNK_BYTES):
        data = bytes(read_bytes(start, min(start + CHUNK_BYTES, total_bytes)))
        yield Chunk(offset=start, data=data, crc32c=google_crc32c.value(data))


def check_chunk(chunk: Chunk, expected_offset: int, total_bytes: int) -> None:
    """Refuse a chunk that does not continue a payload.

    Args:
        chunk: As it came.
        expected_offset: Where the last one ended.
        total_bytes: The payload's length.

    Raises:
        ChunkError: another offset, no data or too many, data past the payload's end, or a checksum that does not match.
    """
    size = len(chunk.data)
    if chunk.offset != expected_offset:
        fault = "offset", f"is {chunk.offset}, must be {expected_offset}", reasons.ERROR_REASON_OFFSET_MISMATCH
    elif not 1 <= size <= CHUNK_BYTES:
        fault = "data", f"has {size} bytes, must have 1 to {CHUNK_BYTES}", reasons.ERROR_REASON_INVALID_FIELD
    elif chunk.offset + size > total_bytes:
        text = f"ends at byte {chunk.offset + size}, the payload has {total_bytes}"
        fault = "data", text, reasons.ERROR_REASON_OFFSET_MISMATCH
    elif (found := google_crc32c.value(chunk.data)) != chunk.crc32c:
        text = f"is {chunk.crc32c}, the CRC-32C of data is {found}"
        fault = "crc32c", text, reasons.ERROR_REASON_CHECKSUM_MISMATCH
    else:
        return
    raise ChunkError(*fault, expected_offset)
