"""Values of the wrong kind in a policy and its parts, which Python lets pass."""

from collections.abc import Iterator
from dataclasses import MISSING, fields
from enum import StrEnum
from numbers import Real
from typing import Any

from mfn_grpc.core.limits import Violation, limits_of


def is_number(value: object) -> bool:
    """Whether it is a real number of Python or numpy; a bool is none."""
    return isinstance(value, Real) and not isinstance(value, bool)


def wrong_kind(name: str, value: object, wanted: str) -> Violation:
    """A value that is not what a field takes."""
    shown = repr(value)
    return Violation(name, shown, f"is {shown}, must be {wanted}")


def one_of(kind: type[StrEnum]) -> str:
    """The members of an enumeration, in words."""
    return " or ".join(f"{kind.__name__}.{member.name}" for member in kind)


def part_violations(part: Any, path: str) -> Iterator[Violation]:
    """Every field of a rule, a pre-aggregator or the screens that is of the wrong kind or outside its range.

    One that is None is left to its default where that is None.
    """
    limits = limits_of(part)
    for field in fields(part):
        value = getattr(part, field.name)
        if value is None and field.default is None:
            continue
        wanted = _wanted(field.default)
        if wanted and not isinstance(value, type(field.default)):
            yield wrong_kind(field.name, value, wanted).under(path)
        elif field.name in limits and not is_number(value):
            yield wrong_kind(field.name, value, f"a number ({limits[field.name].description})").under(path)
        elif field.name in limits and (found := limits[field.name].violation(field.name, value)):
            yield found.under(path)


def _wanted(default: object) -> str:
    """What a field with this default takes, where it is not a number."""
    if default is MISSING:
        return ""
    if isinstance(default, StrEnum):
        return one_of(type(default))
    return "True or False" if isinstance(default, bool) else ""
