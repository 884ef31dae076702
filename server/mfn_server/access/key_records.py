"""What is kept of API keys, as JSON: everything but the keys."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from mfn_server.rpc.methods import Scope

PRINCIPAL = r"^[A-Za-z0-9][A-Za-z0-9._@/+-]{0,127}$"
"""No colon and no bar: those stand in the principals of certificates and tokens, which no key may speak for."""


class InvalidKeys(ValueError):
    """Content that is no keys file; the text names every fault by its place, and repeats nothing of the content."""


class KeyRecord(BaseModel):
    """One key. digest: HMAC-SHA-256 under the pepper. expires: when it ends. revoked: when it was taken back."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")]
    principal: Annotated[str, StringConstraints(pattern=PRINCIPAL)]
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)]
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    created: AwareDatetime
    expires: AwareDatetime | None = None
    revoked: AwareDatetime | None = None


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    version: Literal[1]
    keys: tuple[KeyRecord, ...]

    @field_validator("keys")
    @classmethod
    def _each_once(cls, keys: tuple[KeyRecord, ...]) -> tuple[KeyRecord, ...]:
        ids = [key.id for key in keys]
        twice = sorted({key_id for key_id in ids if ids.count(key_id) > 1})
        if twice:
            raise ValueError(f"each id may stand once; more often: {', '.join(twice)}")
        return keys


def parse(raw: bytes) -> tuple[KeyRecord, ...]:
    """The records of a keys file; raises InvalidKeys."""
    try:
        return _Keys.model_validate_json(raw).keys
    except ValidationError as error:
        raise InvalidKeys(faults_of(error)) from None


def faults_of(error: ValidationError) -> str:
    """Every fault by its place, without the value that is at fault."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}" for fault in faults)


def write(records: tuple[KeyRecord, ...]) -> bytes:
    """The content of a keys file."""
    return _Keys(version=1, keys=records).model_dump_json(indent=2, exclude_none=True).encode() + b"\n"
