"""Protobuf messages as plain values: short names of enums, dictionaries that JSON can hold."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import Message

MESSAGE_BYTES = 4 * 1024 * 1024
"""No message of the contract is larger."""

ENVELOPE_BYTES = 64 * 1024
"""Room kept in a message for everything but the bytes of its arrays."""

# protobuf's Python and C descriptors have no common type.
EnumDescriptor = Any
FieldDescriptor = Any


def _prefix(enum: EnumDescriptor) -> str:
    return str(enum.values_by_number[0].name).removesuffix("UNSPECIFIED")


def enum_names(enum: EnumDescriptor) -> dict[str, int]:
    """The short names of an enum ("float32" for ELEMENT_TYPE_FLOAT32) with their numbers, without the unspecified."""
    return {each.name.removeprefix(_prefix(enum)).lower(): each.number for each in enum.values if each.number}


def enum_name(enum: EnumDescriptor, number: int) -> str:
    """The short name of one value; a number that a newer server may send is shown as it is."""
    known = enum.values_by_number.get(number)
    return known.name.removeprefix(_prefix(enum)).lower() if known else str(number)


def plain(message: Message) -> dict[str, Any]:
    """A message as a dictionary of plain values, with every field that is set or has no presence.

    Enums become short names, bytes hexadecimal text, maps dictionaries in the order of their keys, timestamps moments
    in UTC; numbers stay numbers.
    """
    return {
        field.name: value_of(message, field)
        for field in message.DESCRIPTOR.fields
        if not field.has_presence or message.HasField(field.name)
    }


def value_of(message: Message, field: FieldDescriptor) -> Any:
    """The plain value of one field."""
    value = getattr(message, field.name)
    if is_map(field):
        inner = field.message_type.fields_by_name["value"]
        return {key: _plain_value(inner, value[key]) for key in sorted(value)}
    if field.is_repeated:
        return [_plain_value(field, each) for each in value]
    return _plain_value(field, value)


def is_map(field: FieldDescriptor) -> bool:
    """Whether a field is a map: on the wire, repeated entries."""
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def is_time(field: FieldDescriptor) -> bool:
    """Whether a field is a moment."""
    return field.message_type is not None and field.message_type.full_name == "google.protobuf.Timestamp"


def _plain_value(field: FieldDescriptor, value: Any) -> Any:
    if is_time(field):
        return moment(value)
    if isinstance(value, Message):
        return _chosen_value(value) if value.DESCRIPTOR.name == "ConfigValue" else plain(value)
    if field.enum_type is not None:
        return enum_name(field.enum_type, value)
    return value.hex() if isinstance(value, bytes) else value


def moment(timestamp: Any) -> datetime:
    """A timestamp as a moment in UTC."""
    found: datetime = timestamp.ToDatetime(tzinfo=UTC)
    return found


def _chosen_value(message: Message) -> Any:
    """The one value that a message of alternatives holds; None when it holds none."""
    chosen = message.WhichOneof("value")
    return getattr(message, chosen) if chosen else None


def json_ready(value: Any) -> Any:
    """The same value with NaN and infinities, which JSON does not know, replaced by None."""
    if isinstance(value, Mapping):
        return {str(key): json_ready(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [json_ready(each) for each in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.isoformat()
    return None if isinstance(value, float) and not math.isfinite(value) else value
