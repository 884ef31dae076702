"""What a connection may carry that is no gRPC, or nearly: one string of bytes a case, sent as it is."""

import random
import struct
from collections.abc import Callable
from typing import Any

from tests.fuzz import http2
from tests.fuzz.calls import TARGETS, VALID, drawn
from tests.fuzz.http2 import frame, grpc_message, headers, request_headers, start

SIGN = b"mfn-fuzz"
FLOOD = 300
"""Frames of a flood: enough to trip what counts them, little enough for the machine."""
PATHS: list[str | bytes] = [b"/mfn.v1.\xb8/X", b"\xff", "", "/", "//", "no-slash", "/mfn.v1.SimulationService"]
PATHS += ["/mfn.v1.X/../Y", "/%2e%2e/x", "/a" * 1000, "/é", "*"]
CONTENT_TYPES = ["", "text/html", "application/grpc+json", "application/grpc-web", "APPLICATION/GRPC", "application/g"]
TIMEOUTS = ["", "0", "-1S", "1", "99999999999999999999S", "1Y", "0n", "1e9S", "١S", "100m", "99999999H", " 1S"]

Draw = Callable[[random.Random, str], bytes]


def _call(rng: random.Random, key: str, **changed: str | bytes | None) -> bytes:
    """A call of some method with something changed in its headers."""
    path = rng.choice(sorted(TARGETS))
    pairs = request_headers(**({"path": path, "x_api_key": key} | changed))
    message = grpc_message(drawn(path, rng))
    return start() + headers(1, pairs) + frame(http2.DATA, message, flags=http2.END_STREAM, stream=1)


def _bad_preface(rng: random.Random, key: str) -> bytes:
    choices = [b"", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", rng.randbytes(200), http2.PREFACE[:9]]
    return rng.choice(choices)


def _noise(rng: random.Random, key: str) -> bytes:
    return start() + rng.randbytes(rng.randrange(1, 2000))


def _unknown_frames(rng: random.Random, key: str) -> bytes:
    return start() + b"".join(_any_frame(rng) for _ in range(rng.randrange(1, 20)))


def _any_frame(rng: random.Random) -> bytes:
    payload = rng.randbytes(rng.randrange(40))
    return frame(rng.randrange(256), payload, flags=rng.randrange(256), stream=rng.randrange(9))


def _truncated(rng: random.Random, key: str) -> bytes:
    whole = _call(rng, key)
    return whole[: rng.randrange(len(http2.PREFACE), len(whole))]


def _wrong_lengths(rng: random.Random, key: str) -> bytes:
    kind = rng.choice([http2.SETTINGS, http2.PING, http2.RST_STREAM, http2.WINDOW_UPDATE, http2.PRIORITY, http2.GOAWAY])
    return start() + frame(
        kind, rng.randbytes(rng.randrange(20)), stream=rng.choice([0, 1]), length=rng.choice([1, 2**24 - 1])
    )


def _mutated_call(rng: random.Random, key: str) -> bytes:
    raw = bytearray(_call(rng, key))
    for _ in range(rng.randrange(1, 6)):
        raw[rng.randrange(len(http2.PREFACE), len(raw))] = rng.randrange(256)
    return bytes(raw)


def _odd_message(rng: random.Random, key: str) -> bytes:
    """The compressed flag over rubbish, lengths that are not true, messages cut short."""
    path = rng.choice(sorted(VALID))
    encoding = rng.choice(["identity", "gzip", "deflate", "br", ""])
    raw = rng.randbytes(rng.choice([0, 5, 300]))
    length = rng.choice([None, 0, len(raw) + 1, 2**32 - 1, 8 * 2**20 + 1])
    message = grpc_message(raw, compressed=rng.choice([1, 1, 2, 255]), length=length)
    pairs = request_headers(path=path, x_api_key=key, grpc_encoding=encoding)
    return start() + headers(1, pairs) + frame(http2.DATA, message, flags=rng.choice([0, http2.END_STREAM]), stream=1)


def _data_on_unknown_streams(rng: random.Random, key: str) -> bytes:
    return start() + b"".join(
        frame(http2.DATA, bytes(50), stream=rng.choice([0, 1, 2, 7, 2**31 - 1])) for _ in range(9)
    )


def _reset_flood(rng: random.Random, key: str) -> bytes:
    pairs = request_headers(path=rng.choice(sorted(TARGETS)), x_api_key=key)
    reset = struct.pack(">I", 8)
    opened = (
        headers(number, pairs) + frame(http2.RST_STREAM, reset, stream=number) for number in range(1, 2 * FLOOD, 2)
    )
    return start() + b"".join(opened)


def _control_flood(rng: random.Random, key: str) -> bytes:
    once = rng.choice([frame(http2.SETTINGS), frame(http2.PING, bytes(8)), frame(http2.PRIORITY, bytes(5), stream=3),
                       frame(http2.WINDOW_UPDATE, struct.pack(">I", 1)), frame(http2.DATA, stream=1)])  # fmt: skip
    return start() + once * FLOOD


def _settings(rng: random.Random, key: str) -> bytes:
    pairs = (struct.pack(">HI", rng.randrange(12), rng.choice([0, 1, 2**14, 2**31, 2**32 - 1])) for _ in range(6))
    return start(b"".join(pairs)) + _call(rng, key)[len(start()) :]


def _window_overflow(rng: random.Random, key: str) -> bytes:
    return start() + frame(http2.WINDOW_UPDATE, struct.pack(">I", 2**31 - 1), stream=rng.choice([0, 1])) * 3


def _continuation_flood(rng: random.Random, key: str) -> bytes:
    piece = http2.header_block([(b"x-a", b"v" * 100)])
    return start() + frame(http2.HEADERS, piece, stream=1) + frame(http2.CONTINUATION, piece, stream=1) * FLOOD


def _hpack(rng: random.Random, key: str) -> bytes:
    """Indices beyond the tables, tables beyond their size, numbers without an end, bad Huffman codes."""
    block = rng.choice(
        [b"\xff\xff\xff\xff\xff\xff\x7f", b"\xbf", b"\x3f\xe1\xff\xff\x0f", b"\x00\x85\xff\xff\xff\xff\xff"]
    )
    return start() + frame(http2.HEADERS, block + rng.randbytes(9), flags=http2.END_HEADERS, stream=1)


def _odd_headers(rng: random.Random, key: str) -> bytes:
    pair: tuple[str, Any] = rng.choice(
        [("X-Upper", "v"), ("x y", "v"), ("x-n", b"\xff\xfe\x00\n"), ("", "v"), ("x-d-bin", "!!!"), (":x", "")]
    )
    return _call(rng, key, **{pair[0]: pair[1]})


def _odd_calls(rng: random.Random, key: str) -> bytes:
    changes: list[dict[str, str | bytes | None]] = [
        {"path": rng.choice([*PATHS, None])},
        {"method": rng.choice(["GET", "CONNECT", "", "\0", None])},
        {"content_type": rng.choice([*CONTENT_TYPES, None])},
        {"grpc_timeout": rng.choice(TIMEOUTS)},
        {"scheme": rng.choice(["", "file", None])},
        {"te": None},
    ]
    return _call(rng, key, **rng.choice(changes))


def _stream_numbers(rng: random.Random, key: str) -> bytes:
    pairs = request_headers(path=rng.choice(sorted(TARGETS)), x_api_key=key)
    return start() + b"".join(headers(rng.choice([0, 1, 2, 3, 5, 2**31 - 1]), pairs, end=True) for _ in range(6))


def _farewell(rng: random.Random, key: str) -> bytes:
    return _call(rng, key) + frame(http2.GOAWAY, struct.pack(">II", rng.choice([0, 1, 2**31 - 1]), rng.randrange(20)))


KINDS: dict[str, Draw] = {
    "bad preface": _bad_preface,
    "noise": _noise,
    "unknown frames": _unknown_frames,
    "truncated": _truncated,
    "wrong lengths": _wrong_lengths,
    "mutated call": _mutated_call,
    "odd message": _odd_message,
    "data on unknown streams": _data_on_unknown_streams,
    "reset flood": _reset_flood,
    "control flood": _control_flood,
    "settings": _settings,
    "window overflow": _window_overflow,
    "continuation flood": _continuation_flood,
    "hpack": _hpack,
    "odd headers": _odd_headers,
    "odd calls": _odd_calls,
    "stream numbers": _stream_numbers,
    "farewell": _farewell,
}


def drawn_bytes(kind: str, rng: random.Random, key: str) -> bytes:
    """The bytes of one connection, and a PING that a server still in its senses answers."""
    return KINDS[kind](rng, key) + frame(http2.PING, SIGN)
