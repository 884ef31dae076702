"""What each setting means, in words."""

from enum import StrEnum
from types import NoneType
from typing import Any, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from mfn_server.config.forms import NONE
from mfn_server.config.settings import Settings


def variable(name: str) -> str:
    """The variable of a setting."""
    return f"MFN_{name.upper()}"


def describe() -> str:
    """Every variable with its meaning, range and default, one a line."""
    width = max(len(variable(name)) for name in Settings.model_fields)
    return "\n".join(f"  {variable(name):{width}} {_described(field)}" for name, field in Settings.model_fields.items())


def allowed(field: FieldInfo) -> str:
    """The range of a setting: numbers, words, or what kind of text; "" where its description says it."""
    kinds = [kind for kind in (get_args(field.annotation) or (field.annotation,)) if kind is not NoneType]
    if isinstance(kinds[0], type) and issubclass(kinds[0], StrEnum):
        return ", ".join(kinds[0])
    return "true, false" if kinds[0] is bool else _bounds(field)


def written(value: Any) -> str:
    """A value in words: numbers with their thousands apart, none for nothing."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:,}"
    if isinstance(value, list | dict):
        return ",".join(map(str, value)) or "empty"
    return NONE if value is None else str(value)


def default(value: Any) -> str:
    """A default in words; none is a secret, whatever its type."""
    return value.get_secret_value() if isinstance(value, SecretStr) else written(value)


def _described(field: FieldInfo) -> str:
    bounds = _bounds(field)
    return f"{field.description}{bounds and f', {bounds}'} (default: {default(field.default)})"


def _bounds(field: FieldInfo) -> str:
    limits = {
        kind: getattr(limit, kind) for limit in field.metadata for kind in ("gt", "ge", "le") if hasattr(limit, kind)
    }
    if "gt" in limits:
        return f"above {limits['gt']:,}, to {limits['le']:,}"
    if "le" in limits:
        return f"{limits['ge']:,} to {limits['le']:,}"
    return f"{limits['ge']:,} or more" if limits else ""
