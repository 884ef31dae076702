"""Chunks that callers send, refused in the catalogue's words."""

import google_crc32c
import grpc
import pytest

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1.federation_pb2 import Chunk
from mfn_server.chunks import require_chunk
from mfn_server.errors import Fault


def chunk_at(offset: int, data: bytes = b"abcd", damage: int = 0) -> Chunk:
    return Chunk(offset=offset, data=data, crc32c=google_crc32c.value(data) ^ damage)


def refused(chunk: Chunk, **options: str) -> Fault:
    with pytest.raises(Fault) as caught:
        require_chunk(chunk, 8, 16, **options)
    return caught.value


def accepted(chunk: Chunk) -> bool:
    try:
        require_chunk(chunk, 8, 16)
    except Fault:
        return False
    return True


def test_a_chunk_that_continues_the_payload_is_accepted_up_to_its_end() -> None:
    assert [accepted(chunk_at(8, b"123456789"[:size])) for size in (1, 7, 8, 9)] == [True, True, True, False]


def test_another_offset_is_refused_with_the_one_that_was_expected() -> None:
    fault = refused(chunk_at(4))
    assert (fault.reason, fault.status_code) == (
        reasons.ERROR_REASON_OFFSET_MISMATCH,
        grpc.StatusCode.INVALID_ARGUMENT,
    )
    assert fault.metadata == {"expected_offset": "8"}
    assert [violation.field for violation in fault.violations] == ["chunk.offset"]


def test_the_field_is_named_as_the_message_has_it() -> None:
    fault = refused(chunk_at(8, b""), field="update.chunk")
    assert fault.reason == reasons.ERROR_REASON_INVALID_FIELD
    assert [violation.field for violation in fault.violations] == ["update.chunk.data"]
    assert fault.message == "update.chunk.data has 0 bytes, must have 1 to 262144"


def test_damage_on_the_way_is_a_loss_of_data_and_no_fault_of_a_field() -> None:
    fault = refused(chunk_at(8, damage=1))
    assert (fault.reason, fault.status_code) == (reasons.ERROR_REASON_CHECKSUM_MISMATCH, grpc.StatusCode.DATA_LOSS)
    assert not fault.violations
    assert fault.metadata == {"expected_offset": "8"}
