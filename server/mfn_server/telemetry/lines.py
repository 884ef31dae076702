"""From the fields of an entry to one line: a JSON object, whatever they hold."""

from collections.abc import Mapping
from typing import Any

import orjson

MAX_LINE_BYTES = 65_536
"""Longer lines are cut: every text in them to MAX_CUT_CHARACTERS, and then what is nested in them."""
MAX_CUT_CHARACTERS = 4096
MAX_DEPTH = 16
KEPT = ("timestamp", "level", "logger", "message", "stream", "event", "request_id", "method", "peer", "principal")
"""What is left of a line that is too long even then."""


def line_of(fields: Mapping[str, Any]) -> bytes:
    """The entry as UTF-8 JSON with a line feed at its end and none before it; at most MAX_LINE_BYTES."""
    raw = _encoded(fields)
    if len(raw) > MAX_LINE_BYTES:
        raw = _encoded(_shortened(fields))
    if len(raw) > MAX_LINE_BYTES:
        raw = _encoded(_shortened({name: fields[name] for name in KEPT if name in fields}))
    return raw


def inside(text: str) -> bytes:
    """The text as it stands within a line."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return text.encode()  # as nearly all credentials are; asked for every call
    return line_of({"": text})[5:-3]


def _encoded(fields: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)
    except (TypeError, ValueError):  # a lone surrogate, a number beyond 64 bits, an object of some library
        return orjson.dumps(_plain(fields), option=orjson.OPT_APPEND_NEWLINE)


def _plain(value: Any, depth: int = 0) -> Any:
    """The same in what JSON can hold: lone surrogates escaped, other objects as the names of their types."""
    if depth == MAX_DEPTH:
        return "..."
    if isinstance(value, Mapping):
        return {_plain_leaf(str(key)): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, depth + 1) for item in value]
    return _plain_leaf(value)


def _plain_leaf(value: object) -> str | float | None:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, int) and not isinstance(value, bool):
        return value if -(2**63) <= value < 2**63 else hex(value)[:MAX_CUT_CHARACTERS]
    return value if value is None or isinstance(value, bool | float) else f"<{type(value).__name__}>"


def _shortened(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {**{name: _cut(value) for name, value in fields.items()}, "truncated": True}


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= MAX_CUT_CHARACTERS else f"{value[:MAX_CUT_CHARACTERS]}..."
    if isinstance(value, Mapping):
        return {_cut(str(key)): _cut(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cut(item) for item in value]
    return value
