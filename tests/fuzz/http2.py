"""HTTP/2 frames by hand (RFC 9113, RFC 7541): a library would refuse to make the wrong ones."""

import struct
from collections.abc import Iterable

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS = 0x1, 0x1, 0x4

Pairs = Iterable[tuple[bytes, bytes]]


def frame(kind: int, payload: bytes = b"", *, flags: int = 0, stream: int = 0, length: int | None = None) -> bytes:
    """One frame; `length` is what its header claims when that is not the truth."""
    claimed = len(payload) if length is None else length
    return struct.pack(">I", claimed)[1:] + bytes([kind & 0xFF, flags]) + struct.pack(">I", stream) + payload


def start(settings: bytes = b"") -> bytes:
    """How a proper connection begins."""
    return PREFACE + frame(SETTINGS, settings)


def header_block(pairs: Pairs) -> bytes:
    """Headers as HPACK literals without indexing or Huffman codes."""
    return b"".join(b"\0" + _text(name) + _text(value) for name, value in pairs)


def headers(stream: int, pairs: Pairs, *, end: bool = False) -> bytes:
    """A whole HEADERS frame."""
    return frame(HEADERS, header_block(pairs), flags=END_HEADERS | (END_STREAM if end else 0), stream=stream)


def grpc_message(raw: bytes, *, compressed: int = 0, length: int | None = None) -> bytes:
    """A message with gRPC's prefix of five bytes."""
    return struct.pack(">BI", compressed, len(raw) if length is None else length) + raw


def request_headers(**changed: str | bytes | None) -> list[tuple[bytes, bytes]]:
    """The headers of a gRPC call; others replace them by name (underscores are hyphens), None leaves one out."""
    usual: dict[str, str | bytes | None] = {
        ":method": "POST",
        ":scheme": "http",
        ":path": "/",
        ":authority": "localhost",
        "content-type": "application/grpc",
        "te": "trailers",
    }
    given = {_NAMES.get(name, name.replace("_", "-")): value for name, value in changed.items()}
    return [(name.encode(), _bytes(value)) for name, value in (usual | given).items() if value is not None]


_NAMES = {name: f":{name}" for name in ("method", "scheme", "path", "authority")}


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


def _text(value: bytes) -> bytes:
    return _integer(len(value), 7) + value


def _integer(value: int, bits: int) -> bytes:
    """A number with a prefix of so many bits (RFC 7541, 5.1)."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([value])
    out, value = [most], value - most
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes([*out, value])
