"""Messages as frozen dataclasses of the same fields, and those as plain values."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, cast, get_args, get_type_hints

import numpy as np
from google.protobuf.message import Message

from mfn_client._messages import FieldDescriptor, is_map, is_time, plain, value_of

_T = TypeVar("_T")


def decoded(kind: type[_T], message: Message) -> _T:
    """A message as the dataclass of the same fields; fields without a value become None.

    A nested message becomes the dataclass that the field's annotation names, or else a dictionary.
    """
    by_name = message.DESCRIPTOR.fields_by_name
    layout = _layout(cast("Any", kind))  # a class is hashable, which mypy does not see of type[_T]
    return kind(**{name: _value(message, by_name[name], inner) for name, inner in layout})


@cache
def _layout(kind: Any) -> tuple[tuple[str, type[Any] | None], ...]:
    """Each field of a dataclass with the dataclass inside its annotation, if there is one."""
    hints = get_type_hints(kind)
    return tuple((each.name, next(_dataclasses_in(hints[each.name]), None)) for each in fields(kind))


def _dataclasses_in(hint: Any) -> Iterator[type[Any]]:
    if isinstance(hint, type) and is_dataclass(hint):
        yield hint
    for part in get_args(hint):
        yield from _dataclasses_in(part)


def _value(message: Message, field: FieldDescriptor, kind: type[Any] | None) -> Any:
    if field.has_presence and not message.HasField(field.name):
        return None
    value = getattr(message, field.name)
    if is_map(field) or is_time(field):
        return value_of(message, field)
    if field.message_type is None:
        kept = value if isinstance(value, bytes) else value_of(message, field)
        return tuple(kept) if field.is_repeated else kept
    if field.is_repeated:
        return tuple(decoded(kind, each) if kind else plain(each) for each in value)
    return decoded(kind, value) if kind else plain(value)


def as_plain(result: Any) -> Any:
    """A result as dictionaries, lists and plain values, ready for JSON."""
    if hasattr(result, "__dataclass_fields__"):
        return {each.name: as_plain(getattr(result, each.name)) for each in fields(result)}
    if isinstance(result, Mapping):
        return {key: as_plain(value) for key, value in result.items()}
    if isinstance(result, tuple | list):
        return [as_plain(each) for each in result]
    if isinstance(result, datetime):
        return result.isoformat()
    return result.tolist() if isinstance(result, np.ndarray) else result
