"""One message from its bytes, and back."""

import pytest

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import types_pb2
from mfn_server.errors import Fault
from mfn_server.rpc.messages import decode, encode_unary
from mfn_server.rpc.sizes import MAX_MESSAGE_BYTES


def message_of(size: int) -> bytes:
    """A valid Array of exactly this many bytes."""
    raw = types_pb2.Array(data=b"x" * (size - 5)).SerializeToString()
    assert len(raw) == size
    return raw


def test_a_message_of_exactly_the_limit_is_taken() -> None:
    assert isinstance(decode(message_of(MAX_MESSAGE_BYTES), types_pb2.Array), types_pb2.Array)


def test_a_message_of_one_byte_more_is_refused_with_its_size_and_what_to_do() -> None:
    with pytest.raises(Fault, match=r"4194305 bytes, at most 4194304.*parts") as caught:
        decode(message_of(MAX_MESSAGE_BYTES + 1), types_pb2.Array)
    assert caught.value.reason == reasons.ERROR_REASON_MESSAGE_TOO_LARGE


@pytest.mark.parametrize("raw", [b"\xff", b"\x08", b"\x0a\x05abc", b"\x00\x00", b"\x1a\xff\xff\xff\xff\x0f"])
def test_bytes_that_are_no_message_are_refused_in_our_own_words(raw: bytes) -> None:
    with pytest.raises(Fault) as caught:
        decode(raw, types_pb2.Array)
    assert caught.value.reason == reasons.ERROR_REASON_MALFORMED_REQUEST
    assert caught.value.message == "the bytes are not a valid mfn.v1.Array"


def test_an_answer_that_no_caller_would_accept_by_default_is_refused() -> None:
    assert len(encode_unary(types_pb2.Array(data=b"x" * 4_000_000))) > 4_000_000
    with pytest.raises(Fault) as caught:
        encode_unary(types_pb2.Array(data=b"x" * MAX_MESSAGE_BYTES))
    assert caught.value.reason == reasons.ERROR_REASON_RESPONSE_TOO_LARGE
