"""Events and states as JSON: exact both ways, strict about everything.

Bytes are hexadecimal text, numbers that are not finite are the texts "NaN", "Infinity" and "-Infinity", one of several
record types carries its name as "type". Fields that are missing, unknown or of another type are refused.
"""

import json
import math
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from mfn_server.federation.machine.events import Event
from mfn_server.federation.machine.state import State


class MalformedRecord(ValueError):
    """Text that no event or state of this version has."""


def encode_event(event: Event) -> bytes:
    """An event as JSON in UTF-8."""
    return _dump(Event, event)


def decode_event(text: bytes) -> Event:
    """The event of `encode_event`; MalformedRecord otherwise."""
    event: Event = _load(Event, text)
    return event


def encode_state(state: State) -> bytes:
    """A state as JSON in UTF-8."""
    return _dump(State, state)


def decode_state(text: bytes) -> State:
    """The state of `encode_state`; MalformedRecord otherwise."""
    state: State = _load(State, text)
    return state


def _dump(kind: Any, value: Any) -> bytes:
    text = json.dumps(_codec(kind).encode(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def _load(kind: Any, text: bytes) -> Any:
    try:
        return _codec(kind).decode(json.loads(text.decode(), parse_constant=_refuse))
    except (ValueError, RecursionError) as error:
        raise MalformedRecord(str(error)) from error


def _refuse(constant: str) -> None:
    raise MalformedRecord(f"{constant} is no JSON")


@dataclass(frozen=True, slots=True)
class _Codec:
    """One type's way into JSON values and back."""

    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


@cache
def _codec(kind: Any) -> _Codec:
    arguments = get_args(kind)
    if get_origin(kind) in {Union, types.UnionType}:
        return _one_of(arguments)
    if get_origin(kind) is tuple:
        return _tuple_of(_codec(arguments[0]))
    if get_origin(kind) is Mapping:
        return _mapping_of(_codec(arguments[1]))
    if kind in _PLAIN:
        return _PLAIN[kind]
    return _enumeration(kind) if issubclass(kind, Enum) else _record_of(kind)


def _checked(value: Any, kind: type[Any]) -> Any:
    if type(value) is not kind:
        raise MalformedRecord(f"{value!r} is not of type {kind.__name__}")
    return value


def _plain(kind: type[Any]) -> _Codec:
    return _Codec(lambda value: value, lambda value: _checked(value, kind))


_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _encode_real(value: float) -> float | str:
    if math.isfinite(value):
        return float(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _decode_real(value: Any) -> float:
    if isinstance(value, str) and value in _NOT_FINITE:
        return _NOT_FINITE[value]
    real: float = _checked(value, float)
    return real


_PLAIN = {
    int: _plain(int),
    str: _plain(str),
    bool: _plain(bool),
    type(None): _plain(type(None)),
    bytes: _Codec(bytes.hex, lambda value: bytes.fromhex(_checked(value, str))),
    float: _Codec(_encode_real, _decode_real),
}


def _enumeration(kind: type[Enum]) -> _Codec:
    return _Codec(lambda value: value.value, kind)


def _tuple_of(item: _Codec) -> _Codec:
    return _Codec(
        lambda value: [item.encode(part) for part in value],
        lambda value: tuple(item.decode(part) for part in _checked(value, list)),
    )


def _mapping_of(item: _Codec) -> _Codec:
    return _Codec(
        lambda value: {key: item.encode(part) for key, part in value.items()},
        lambda value: {key: item.decode(part) for key, part in _checked(value, dict).items()},
    )


def _record_of(kind: type[Any]) -> _Codec:
    hints = get_type_hints(kind)
    codecs = {field.name: _codec(hints[field.name]) for field in fields(kind)}

    def encode(value: Any) -> dict[str, Any]:
        return {name: codec.encode(getattr(value, name)) for name, codec in codecs.items()}

    def decode(value: Any) -> Any:
        given = _checked(value, dict)
        if given.keys() != codecs.keys():
            raise MalformedRecord(f"{kind.__name__} has other fields than {sorted(given)}")
        return kind(**{name: codec.decode(given[name]) for name, codec in codecs.items()})

    return _Codec(encode, decode)


def _one_of(kinds: tuple[Any, ...]) -> _Codec:
    """An optional value is itself or null; one of several types is {"type": its name, "value": itself}."""
    if type(None) in kinds:
        return _optional(_codec(Union[tuple(kind for kind in kinds if kind is not type(None))]))  # noqa: UP007 from a tuple
    named = {kind.__name__: _codec(kind) for kind in kinds}

    def encode(value: Any) -> dict[str, Any]:
        name = type(value).__name__
        return {"type": name, "value": named[name].encode(value)}

    def decode(value: Any) -> Any:
        given = _checked(value, dict)
        if given.keys() != {"type", "value"} or _checked(given["type"], str) not in named:
            raise MalformedRecord(f"{given!r} is none of {sorted(named)}")
        return named[given["type"]].decode(given["value"])

    return _Codec(encode, decode)


def _optional(codec: _Codec) -> _Codec:
    return _Codec(
        lambda value: None if value is None else codec.encode(value),
        lambda value: None if value is None else codec.decode(value),
    )
