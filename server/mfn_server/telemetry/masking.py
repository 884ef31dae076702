"""What of a request may stand in a log: numbers, switches, short texts; bytes by their length, secrets not at all.

How a type of message is shown is worked out once; showing one then reads its fields and asks no descriptor.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from mfn_server.rpc.call import Call

MASKED = "[masked]"
CUT = "..."
MAX_TOLD_CHARACTERS = 300
"""Of what a caller was told, and of names that it gave."""
SECRET_WORDS = frozenset(
    {
        *("key", "keys", "token", "tokens", "secret", "secrets", "signature", "signatures", "password", "pepper"),
        *("authorization", "cookie", "nonce", "jwt"),
    }
)
"""A field with one of these words in its name is masked, unless its last word is one of TELLING_WORDS."""
TELLING_WORDS = frozenset({"id", "ids", "file", "name", "count"})
LEAST_SECRET_CHARACTERS = 8
"""Shorter credentials are not looked for in texts: they would be found in words of every kind."""

Show = Callable[[Any], Any]


@dataclass(frozen=True)
class Bounds:
    """How much of a message is shown: levels of messages in messages, elements of a list, characters of a text."""

    depth: int
    items: int
    characters: int


def is_secret(name: str) -> bool:
    """Whether a field of this name may hold a secret; its words are joined by underscores, hyphens or dots."""
    words = name.lower().replace("-", "_").replace(".", "_").split("_")
    return words[-1] not in TELLING_WORDS and not SECRET_WORDS.isdisjoint(words)


class Shown:
    """Shows messages within bounds: the fields that are set, by their names."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._plans: dict[Any, tuple[_Field, ...]] = {}

    def __call__(self, message: Message) -> dict[str, Any]:
        """What may be told of the message."""
        kind = type(message)
        plan = self._plans.get(kind)
        if plan is None:
            plan = self._plans[kind] = _plan_of(message.DESCRIPTOR, self._bounds)
        return _shown(message, plan)


def masked(value: Any, name: str = "") -> Any:
    """A value of whatever kind without bytes and without what stands under secret names."""
    if name and is_secret(name):
        return MASKED
    if isinstance(value, Message):
        return parameters_of(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return _length(value)
    if isinstance(value, Mapping):
        return {str(key): masked(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(item) for item in value]
    return value


def credentials_of(call: Call) -> list[str]:
    """What the caller has shown to prove who it is, to be kept out of texts."""
    found = []
    for given in (call.metadata.get("x-api-key"), call.metadata.get("authorization")):
        if given and isinstance(given, str):
            found += [part for part in given.split() if len(part) >= LEAST_SECRET_CHARACTERS]
    return found


def hide(value: Any, secrets: Iterable[str]) -> Any:
    """The value with every one of the secrets in its texts masked."""
    if isinstance(value, str):
        for secret in secrets:
            if secret in value:
                value = value.replace(secret, MASKED)
        return value
    if isinstance(value, Mapping):
        return {hide(key, secrets): hide(item, secrets) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [hide(item, secrets) for item in value]
    return value


def hide_in(fields: Mapping[str, Any], secrets: Sequence[str], ours: Collection[str]) -> dict[str, Any]:
    """The fields with the secrets masked, except in ours."""
    return {name: value if name in ours else hide(value, secrets) for name, value in fields.items()}


def cut(text: str, characters: int) -> str:
    """The text, or its beginning."""
    return text if len(text) <= characters else f"{text[:characters]}{CUT}"


@dataclass(frozen=True, slots=True)
class _Field:
    """How one field is read. presence: whether the message knows if it is set."""

    name: str
    presence: bool
    show: Show


def _shown(message: Any, plan: tuple[_Field, ...]) -> dict[str, Any]:
    found = {}
    for field in plan:
        if field.presence:
            if message.HasField(field.name):
                found[field.name] = field.show(getattr(message, field.name))
        elif value := getattr(message, field.name):
            found[field.name] = field.show(value)
    return found


@cache
def _plan_of(descriptor: Descriptor, bounds: Bounds) -> tuple[_Field, ...]:
    return tuple(_Field(field.name, field.has_presence, _show_field(field, bounds)) for field in descriptor.fields)


def _show_field(field: FieldDescriptor, bounds: Bounds) -> Show:
    if is_secret(field.name):
        return _mask
    kind = field.message_type
    if kind is not None and kind.GetOptions().map_entry:
        return _show_map(_show_value(kind.fields_by_name["value"], bounds), bounds)
    one = _show_value(field, bounds)
    return _show_list(one, bounds.items) if field.is_repeated else one


def _show_value(field: FieldDescriptor, bounds: Bounds) -> Show:
    if field.message_type is not None:
        return _show_message(field.message_type, bounds)
    if field.enum_type is not None:
        names = {number: value.name for number, value in field.enum_type.values_by_number.items()}
        return lambda number: names.get(number, number)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _length
    if field.type == FieldDescriptor.TYPE_STRING:
        return lambda text: cut(text, bounds.characters)
    return _itself


def _show_message(descriptor: Descriptor, bounds: Bounds) -> Show:
    if bounds.depth <= 1:
        return lambda message: f"{message.ByteSize()} bytes"
    plan = _plan_of(descriptor, Bounds(bounds.depth - 1, bounds.items, bounds.characters))
    return lambda message: _shown(message, plan)


def _show_list(show: Show, most: int) -> Show:
    def show_list(values: Any) -> list[Any]:
        listed = [show(value) for value in values[:most]]
        return listed if len(values) <= most else [*listed, f"{len(values) - most} more"]

    return show_list


def _show_map(show: Show, bounds: Bounds) -> Show:
    def show_map(values: Any) -> dict[str, Any]:
        keys = sorted(values)[: bounds.items]
        return {cut(str(key), bounds.characters): MASKED if is_secret(str(key)) else show(values[key]) for key in keys}

    return show_map


def _length(value: Any) -> str:
    return f"{len(value)} bytes"


def _mask(_: object) -> str:
    return MASKED


def _itself(value: Any) -> Any:
    return value


parameters_of = Shown(Bounds(depth=4, items=8, characters=64))
"""For the line of every call."""
bodies_of = Shown(Bounds(depth=16, items=64, characters=1024))
"""For lines of level DEBUG."""
