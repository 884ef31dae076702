"""Resume tokens: where a stream stood, sealed so that no other caller, spec or numerics can continue it."""

import hashlib
import hmac
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from mfn_grpc.core.reaction_diffusion import NUMERICS_VERSION
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault

MAX_TOKEN_BYTES = 256
_LAYOUT = struct.Struct("<4sQQ16s16s16s")
_MAGIC = b"mfn1"
_SEAL_BYTES = 16
_NO_STEP = 2**64 - 1
"""Written in place of the step where no frame was sent."""


@dataclass(frozen=True)
class Position:
    """Where a stream stood: the last whole frame sent, the number of its last message, and the run's checkpoint.

    step: of that frame; None when no frame was sent yet.
    """

    step: int | None
    sequence: int
    run_id: bytes


class Tokens:
    """Issues resume tokens under the newest key and opens those of all; servers that share them honour each other's.

    keys: one or more, newest first.
    """

    def __init__(self, *keys: bytes) -> None:
        self._keys = keys

    def use(self, keys: Iterable[str]) -> None:
        """Take these instead, newest first."""
        self._keys = tuple(key.encode() for key in keys)

    def issue(self, position: Position, spec_hash: bytes, principal: str) -> bytes:
        """A token for this position of this spec, for this principal alone."""
        owner = _short_hash(principal.encode())
        step = _NO_STEP if position.step is None else position.step
        fields = _MAGIC, step, position.sequence, position.run_id, _short_hash(spec_hash), owner
        body = _LAYOUT.pack(*fields) + NUMERICS_VERSION.encode()
        return body + _seal(self._keys[0], body)

    def open(self, token: bytes, spec_hash: bytes, principal: str) -> Position:
        """The position a token stands for; refuses one that is damaged, foreign or stale."""
        body, seal = token[:-_SEAL_BYTES], token[-_SEAL_BYTES:]
        sound = _LAYOUT.size < len(body) and len(token) <= MAX_TOKEN_BYTES
        if not sound or not any(hmac.compare_digest(seal, _seal(key, body)) for key in self._keys):
            text = "resume_token is damaged, or was made by a server with another token key; start again without it"
            raise Fault(reasons.ERROR_REASON_RESUME_TOKEN_INVALID, text)
        _, step, sequence, run_id, spec_mark, owner = _LAYOUT.unpack_from(body)
        if spec_mark != _short_hash(spec_hash) or owner != _short_hash(principal.encode()):
            text = "resume_token belongs to another spec or another caller; send the spec it was issued for"
            raise Fault(reasons.ERROR_REASON_RESUME_TOKEN_FOREIGN, text)
        version = body[_LAYOUT.size :].decode()
        if version != NUMERICS_VERSION:
            text = f"resume_token was made by numerics {version}, this server computes {NUMERICS_VERSION}; start again"
            raise Fault(reasons.ERROR_REASON_RESUME_TOKEN_STALE, text)
        return Position(None if step == _NO_STEP else step, sequence, run_id)


def _seal(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")[:_SEAL_BYTES]


def _short_hash(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:16]
