"""Protobuf messages around large buffers, put together so that a buffer is copied once: into the finished message.

The generated classes copy a bytes field when it is set, again for each message that encloses it, and when they
serialise. Here the small fields are theirs, and the lengths of what encloses a buffer are computed. The bytes equal
those of SerializeToString.
"""

from collections.abc import Iterable

import google_crc32c
import numpy as np
from google.protobuf.message import Message
from numpy.typing import NDArray

from mfn_grpc.v1.types_pb2 import ArrayHeader, ArrayPart

Buffer = bytes | memoryview
"""Bytes, in a memoryview one by one: of either, len() is the size."""

_LENGTH_DELIMITED = 2
_LOW_BITS, _MORE = 0x7F, 0x80


def tag_of(message_type: type[Message], field: str) -> bytes:
    """What stands before the length of a field of bytes or of a message."""
    return _varint(message_type.DESCRIPTOR.fields_by_name[field].number << 3 | _LENGTH_DELIMITED)


def enclosed(tag: bytes, content: Iterable[Buffer | NDArray[np.uint8]]) -> list[Buffer]:
    """A field with this tag and content; to be joined, or enclosed once more.

    An array of bytes must be contiguous and have one axis. It is referred to, not copied.
    """
    buffers = [each.data if isinstance(each, np.ndarray) else each for each in content]
    return [tag + _varint(sum(map(len, buffers))), *buffers]


def array_part(data: NDArray[np.uint8], offset: int, total_bytes: int, header: ArrayHeader | None) -> list[Buffer]:
    """The content of an ArrayPart with these fields and the checksum of its data, which must not be empty.

    header: of the first part of an array, None in the others. The array's memory is referred to, and must not change
    until the buffers are joined.
    """
    data = data.view()
    data.flags.writeable = False  # google_crc32c takes nothing else
    part = ArrayPart(header=header, offset=offset, total_bytes=total_bytes, crc32c=google_crc32c.value(data))
    return [part.SerializeToString(), *enclosed(_DATA, (data,))]


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    digits = bytearray()
    while value > _LOW_BITS:
        digits.append(value & _LOW_BITS | _MORE)
        value >>= 7
    digits.append(value)
    return bytes(digits)


_DATA = tag_of(ArrayPart, "data")
