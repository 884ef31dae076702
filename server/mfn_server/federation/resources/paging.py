"""Pages of lists: tokens that fit one listing only, and pages that fit one message.

A token is a digest over its listing and a position in it, and the position. It gives no right to read: every page is
asked for by the same request, and judged like the first.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from google.protobuf.message import Message

from mfn_grpc.core.limits import Limit
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault
from mfn_server.rpc.sizes import MAX_MESSAGE_BYTES

PAGE_SIZE = Limit(1, 1000, "1", "most items of a page", whole=True)
DEFAULT_PAGE_SIZE = 100
PAGE_BYTES = MAX_MESSAGE_BYTES - 16 * 1024
"""Room for the items of a page; the rest is for its token."""
MAX_TOKEN_CHARACTERS = 1024

_DIGEST_BYTES = 16
_ITEM_OVERHEAD_BYTES = 16
"""More than a field's tag and length take."""

M = TypeVar("M", bound=Message)
Key = int | str
Position = tuple[Key, ...]
"""Where a page begins: after the item with this key."""


@dataclass(frozen=True)
class Listing:
    """One list: the method, the federation's uid where there is one, and the filters."""

    method: str
    uid: str = ""
    filters: tuple[Key, ...] = ()

    def token(self, position: Position) -> str:
        """Stands for the page after this position."""
        raw = json.dumps(position, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._digest(raw) + raw).decode()

    def position(self, token: str, *kinds: type[Key]) -> Position | None:
        """The position that a token stands for, its keys of these kinds; None for the empty one.

        PAGE_TOKEN_INVALID when it is damaged or another listing's.
        """
        if not token:
            return None
        raw = _decoded(token)
        position, digest = raw[_DIGEST_BYTES:], raw[:_DIGEST_BYTES]
        if not hmac.compare_digest(digest, self._digest(position)):
            raise _invalid()
        keys = _parsed(position)
        if tuple(type(key) for key in keys) != kinds or not all(map(_storable, keys)):
            raise _invalid()
        return tuple(keys)

    def _digest(self, position: bytes) -> bytes:
        about = json.dumps([self.method, self.uid, *self.filters]).encode()
        return hashlib.sha256(about + b"\0" + position).digest()[:_DIGEST_BYTES]


@dataclass(frozen=True)
class Page(Generic[M]):
    """Items for one message, and the token of the page after them, empty at the end."""

    items: Sequence[M]
    next_page_token: str


def page_of(listing: Listing, found: Iterable[tuple[Position, M]], size: int) -> Page[M]:
    """The first of these items, as many as asked for and fit a message, at least one when there is one.

    found: items in order with their positions; more than `size` of them when there are.
    """
    items: list[M] = []
    room, last = PAGE_BYTES, None
    for position, item in found:
        room -= item.ByteSize() + _ITEM_OVERHEAD_BYTES
        if items and last is not None and (len(items) == size or room < 0):
            return Page(items, listing.token(last))
        items.append(item)
        last = position
    return Page(items, "")


def _decoded(token: str) -> bytes:
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise _invalid()
    try:
        return base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise _invalid() from None


def _parsed(position: bytes) -> list[Key]:
    try:
        keys = json.loads(position)
    except ValueError:
        raise _invalid() from None
    return keys if isinstance(keys, list) else []


def _storable(key: Key) -> bool:
    """Whether a database can be asked for it."""
    return key.isascii() if isinstance(key, str) else 0 <= key < 2**63


def _invalid() -> Fault:
    text = "page_token is damaged or belongs to another listing; list from the beginning"
    return Fault(reasons.ERROR_REASON_PAGE_TOKEN_INVALID, text)
