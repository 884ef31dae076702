"""One field of a secret that holds several."""

import hashlib
import json
from collections.abc import Hashable, Mapping
from typing import Any

from mfn_server.secrets.sources.source import Found


def field_of(content: Mapping[str, Any], name: str) -> bytes:
    """A text as it is, an object or a list as JSON; raises ValueError, which names the fields and no value."""
    if name not in content:
        raise ValueError(f"has no field {name!r}; it has {', '.join(map(_shown, sorted(content))) or 'none'}")
    value = content[name]
    try:
        text = json.dumps(value) if isinstance(value, dict | list) else value
    except RecursionError:
        raise ValueError(f"has too deep a document in its field {name!r}") from None
    if not isinstance(text, str):
        raise ValueError(f"has no text in its field {name!r}")
    return encoded(text)


def _shown(name: str) -> str:
    return name.encode("ascii", "backslashreplace").decode()


def encoded(text: str) -> bytes:
    """In UTF-8; raises ValueError, whose text shows no character."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half a character, which is no text in UTF-8") from None


def unless_seen(content: bytes, seen: Hashable) -> Found | None:
    """The content, stamped with its digest; None where that is `seen`.

    Not the version: another field of the same secret has changed when that did, and some places keep none.
    """
    stamp = hashlib.sha256(content).digest()
    return None if stamp == seen else Found(stamp, content)
