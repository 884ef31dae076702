"""How settings are written in variables: lists, objects, files that hold secrets, the word for nothing."""

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, SecretStr

from mfn_server.config.files import guarded

NONE = "none"
"""Unsets what an environment's file sets; where a setting may be unset at all."""


def _list(value: Any) -> Any:
    """A JSON list, or words between commas; "" is the empty list."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return _json(value, "list of texts")
    return [word for part in value.split(",") if (word := part.strip())]


def _object(value: Any) -> Any:
    return _json(value, "object of lists of texts") if isinstance(value, str) else value


def _json(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise ValueError(f"must be a JSON {what}, and is no JSON") from None


def secret_text(value: Any) -> Any:
    """The secret itself, or `@FILE`: what the file holds, without lines that begin with # and without outer blanks."""
    if not (isinstance(value, str) and value.startswith("@")):
        return value
    path = Path(value[1:])
    try:
        text = guarded(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot be read from the file {path}: {type(error).__name__}") from None
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")).strip()


Names = Annotated[list[str], BeforeValidator(_list)]
"""A list, written as JSON or between commas."""
Scopes = Annotated[dict[str, list[str]], BeforeValidator(_object)]
"""Scopes by name, written as a JSON object."""
Secret = Annotated[SecretStr, BeforeValidator(secret_text)]
"""A text that is never shown, written out or as @FILE."""
