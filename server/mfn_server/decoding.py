"""Fields of messages as the core's values: enumerations, arrays, lists that are bounded before a look."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from mfn_grpc.arrays import AnyArray, ArrayError, from_array
from mfn_grpc.core.limits import Faults, Violation
from mfn_grpc.v1.types_pb2 import Array, ElementType

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


def choice(message_enum: Any, core_enum: type[E], field: str, number: int, default: E, faults: Faults) -> E:
    """The core's member of the same name; 0 is the default, an unknown number a fault."""
    return default if number == 0 else _member(message_enum, core_enum, field, number, faults) or default


def choices(
    message_enum: Any, core_enum: type[E], field: str, numbers: Sequence[int], default: tuple[E, ...], faults: Faults
) -> tuple[E, ...]:
    """The core's members of the same names; the default when there are none, or one that is unknown or 0: a fault."""
    few = bounded(numbers, len(core_enum), field, faults)
    found = [_member(message_enum, core_enum, f"{field}[{i}]", number, faults) for i, number in enumerate(few)]
    known = tuple(member for member in found if member is not None)
    return known if known and len(known) == len(found) else default


def bounded(values: Sequence[T], most: int, field: str, faults: Faults) -> Sequence[T]:
    """The values, at most so many: a request has room for millions, each of which would be looked at."""
    if len(values) <= most:
        return values
    faults.add(Violation(field, str(len(values)), f"has {len(values)} entries, must have at most {most}"))
    return values[:most]


def type_violations(number: int, accepted: Sequence[ElementType], field: str) -> Iterator[Violation]:
    """That an array's element type, of this number, is none of those that its field takes."""
    if number not in accepted:
        allowed = " or ".join(ElementType.Name(each) for each in accepted)
        name = ElementType.Name(number) if number in ElementType.values() else str(number)
        yield Violation(field, name, f"is {name}, must be {allowed}")


def decode_array(message: Array, accepted: Sequence[ElementType], field: str, faults: Faults) -> AnyArray | None:
    """The elements of an array in this field, or None; what is wrong with the message is noted in `faults`.

    An element type that is not accepted is noted where the elements do not show it: the core judges them by their
    dtype, and those of a BFLOAT16 array are float32 by then.
    """
    wrong_type = list(type_violations(message.element_type, accepted, f"{field}.element_type"))
    try:
        values = from_array(message)
    except ArrayError as error:
        others = (fault for fault in error.faults if fault.field != "element_type")
        found = [*wrong_type, *(Violation(f"{field}.{fault.field}", "", fault.description) for fault in others)]
        for violation in found:
            faults.add(violation)
        return None
    if wrong_type and message.element_type == ElementType.ELEMENT_TYPE_BFLOAT16:
        faults.add(wrong_type[0])
    return values


def stated(message: Any, *names: str) -> dict[str, Any]:
    """The scalars of these names that the caller set, by name: the core has the defaults of the others."""
    return {name: getattr(message, name) for name in names if message.HasField(name)}


def _member(message_enum: Any, core_enum: type[E], field: str, number: int, faults: Faults) -> E | None:
    descriptor = message_enum.DESCRIPTOR
    prefix = descriptor.values[0].name.removesuffix("UNSPECIFIED")
    members = {f"{prefix}{member.name}": member for member in core_enum}
    value = descriptor.values_by_number.get(number)
    if value is None or value.name not in members:
        faults.add(Violation(field, str(number), f"is {number}, must be one of {', '.join(members)}"))
        return None
    return members[value.name]
