"""One message from its bytes, and back: what is malformed or too large is refused in the catalogue's words."""

from google.protobuf.message import DecodeError, Message

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault
from mfn_server.rpc.sizes import MAX_MESSAGE_BYTES


def decode(raw: bytes, message_type: type[Message], max_bytes: int = MAX_MESSAGE_BYTES) -> Message:
    """Parse one request message; refuse what is too large or malformed."""
    if len(raw) > max_bytes:
        text = f"the request has {len(raw)} bytes, at most {max_bytes} are accepted; send large arrays in parts"
        raise Fault(reasons.ERROR_REASON_MESSAGE_TOO_LARGE, text)
    try:
        return message_type.FromString(raw)
    except DecodeError:
        name = message_type.DESCRIPTOR.full_name
        raise Fault(reasons.ERROR_REASON_MALFORMED_REQUEST, f"the bytes are not a valid {name}") from None


def encode_unary(response: Message) -> bytes:
    """Serialise a unary answer; refuse one that would not fit the callers' default limit."""
    raw = response.SerializeToString()
    if len(raw) > MAX_MESSAGE_BYTES:
        text = f"the answer has {len(raw)} bytes, at most {MAX_MESSAGE_BYTES} are sent in one message; ask for less"
        raise Fault(reasons.ERROR_REASON_RESPONSE_TOO_LARGE, text)
    return raw
