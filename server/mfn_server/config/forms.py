"""How settings are written in variables: lists, objects, files that hold secrets, the word for nothing."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, InstanceOf, PlainSerializer, SecretStr, ValidationInfo

from mfn_server.config.files import guarded
from mfn_server.secrets.held import Held, literal, read
from mfn_server.secrets.references import FILE, Remote, parse, parse_remote
from mfn_server.secrets.stores import source_of

NONE = "none"
"""Unsets what an environment's file sets; where a setting may be unset at all."""


@dataclass(frozen=True)
class Document:
    """What stands in Vault or AWS instead of in a file. held: as it was read at the start."""

    reference: Remote
    held: Held

    def __str__(self) -> str:
        return str(self.reference)


def words(value: Any) -> Any:
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


def _secret(value: Any, info: ValidationInfo) -> Any:
    """The secret itself, or what a reference names: that is read here, by the settings before this one."""
    if not isinstance(value, str):
        return value
    reference = parse(value)
    return literal(value) if reference is None else read(source_of(reference, info.data), str(reference))


def _local_secret(value: Any) -> Any:
    if isinstance(value, str) and parse_remote(value) is not None:
        raise ValueError("must be the text itself or @FILE: it is what other secrets are read with")
    if isinstance(value, str) and (reference := parse(value)) is not None:
        return read(source_of(reference, {}), str(reference))
    return literal(value) if isinstance(value, str) else value


def _document(value: Any, info: ValidationInfo) -> Any:
    """The path of a file that only its own may change, or a document kept elsewhere, which is read here."""
    if isinstance(value, str) and (reference := parse_remote(value)) is not None:
        return Document(reference, read(source_of(reference, info.data), str(reference)))
    if isinstance(value, str) and value.startswith(FILE):
        raise ValueError("takes the path of a file as it is: leave the @ out")
    return value if value is None or isinstance(value, Document) else guarded(Path(value))


Names = Annotated[list[str], BeforeValidator(words)]
"""A list, written as JSON or between commas."""
Scopes = Annotated[dict[str, list[str]], BeforeValidator(_object)]
"""Scopes by name, written as a JSON object."""
Secret = Annotated[SecretStr, BeforeValidator(_secret)]
"""A text that is never shown: written out, or @FILE, vault:MOUNT/PATH#FIELD, aws:SECRET-ID#FIELD."""
LocalSecret = Annotated[SecretStr, BeforeValidator(_local_secret)]
"""The same without Vault and AWS."""
DocumentFile = Annotated[Path | InstanceOf[Document], BeforeValidator(_document), PlainSerializer(str)]
"""The path of a file, or a reference to a document in Vault or AWS."""
