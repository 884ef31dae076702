"""Fields of messages as the core's values: enumerations, and lists that are bounded before they are looked at."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, TypeVar

from mfn_grpc.core.limits import Faults, Violation

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
