"""Settings: `MFN_*` variables over configs/<environment>.json, all checked before a port opens."""

import ipaddress
import os
from collections.abc import Iterable
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    JsonConfigSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from mfn_server.federation.storage.keys import key_ring

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

CONFIGS = Path(__file__).parent / "configs"
MIN_KEY_CHARACTERS = 32
GIB = 1024**3
READ_ELSEWHERE = {"MFN_SERVER", "MFN_DEBUG", "MFN_CRASH_AT"}
"""Variables of the same prefix that are no settings: the `mfn` command's, and where a test ends the process."""


class Environment(StrEnum):
    """Which defaults apply."""

    DEV = "dev"
    STAGING = "staging"
    PROD = "prod"


class Settings(BaseSettings):
    """Everything an operator can set; each field is the variable MFN_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="MFN_", extra="forbid", frozen=True)

    env: Environment = Field(Environment.PROD, description="dev, staging or prod; anything else refuses to start")
    host: str = Field("127.0.0.1", description="address to listen on; a loopback address")
    port: int = Field(50051, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    api_key: SecretStr | None = Field(
        None, validate_default=True, description="key every caller must send; 32 characters or more"
    )
    workers: int = Field(0, ge=0, le=256, description="compute threads; 0 takes one a processor")
    slice_ms: float = Field(40, ge=1, le=50, description="longest piece of compute between two looks at a call's state")
    max_running: int = Field(32, ge=1, le=4096, description="calls that compute at the same time")
    max_queued: int = Field(64, ge=0, le=65536, description="calls that may wait for their turn to compute")
    max_streams: int = Field(
        256, ge=1, le=65536, description="uploads and streams of frames that may be open, most of them idle"
    )
    max_state_bytes: int = Field(4 * GIB, ge=2**20, description="bytes of fields and arrays that all calls hold")
    state_dir: Path | None = Field(
        None,
        description="directory of checkpoints, uploaded arrays and federations, which replicas may share; "
        "without it no checkpoints and, outside dev, no federations",
    )
    checkpoint_s: float = Field(5, ge=0.1, le=3600, description="seconds of compute between two checkpoints")
    checkpoint_ttl_s: float = Field(86_400, ge=60, description="seconds after which a checkpoint is deleted")
    checkpoint_quota_bytes: int = Field(4 * GIB, ge=2**20, description="bytes of checkpoints one principal may keep")
    array_ttl_s: float = Field(
        3600, ge=60, description="seconds after its last use at which an uploaded array is deleted"
    )
    array_quota_bytes: int = Field(2 * GIB, ge=2**20, description="bytes of uploaded arrays one principal may keep")
    upload_idle_s: float = Field(
        30,
        ge=0.1,
        le=3600,
        description="longest silence of a caller who uploads an array or streams frames, in s",
    )
    reader_idle_s: float = Field(300, ge=0.1, description="seconds after which a stream that nobody reads is ended")
    federation_keys: SecretStr | None = Field(
        None,
        description="keys that seal federations' files, newest first: id:key with 32 bytes in hex or base64, or @FILE",
    )
    federation_address: str | None = Field(
        None, min_length=1, max_length=1024, description="where others find this server's federations, as HOST:PORT"
    )
    federation_max_participants: int = Field(
        2048, ge=1, le=65536, description="participants of federations that may be connected"
    )
    federation_max_watches: int = Field(
        1024, ge=1, le=65536, description="WatchFederation streams that may be open, beside max_streams"
    )
    federation_max_model_bytes: int = Field(8 * GIB, ge=2**20, description="bytes of one model of a federation")
    federation_join_timeout_s: float = Field(
        10, ge=0.1, le=3600, description="longest silence of a participant who has not joined yet, in s"
    )
    aggregate_stream_bytes: int = Field(16 * GIB, ge=2**20, description="bytes of updates that an Aggregate call holds")
    aggregate_spool_bytes: int = Field(64 * GIB, ge=2**20, description="bytes of updates that all Aggregate calls hold")
    resume_token_key: SecretStr | None = Field(
        None,
        validate_default=True,
        description="seals resume tokens; replicas without a shared state_dir need the same",
    )
    drain_notice_s: float = Field(5, ge=0, le=600, description="seconds between NOT_SERVING and refusing new work")
    drain_grace_s: float = Field(20, ge=0, le=3600, description="seconds that calls have to end once draining")

    @field_validator("host")
    @classmethod
    def _loopback_only(cls, host: str) -> str:
        if host == "localhost" or ipaddress.ip_address(host).is_loopback:
            return host
        raise ValueError("must be a loopback address: this version has no TLS")

    @field_validator("state_dir")
    @classmethod
    def _usable(cls, directory: Path | None) -> Path | None:
        if directory is not None:
            existing = next(path for path in (directory, *directory.absolute().parents) if path.exists())
            if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
                raise ValueError(f"must be a directory that can be written; {existing} is not")
        return directory

    @field_validator("federation_keys")
    @classmethod
    def _usable_keys(cls, keys: SecretStr | None) -> SecretStr | None:
        if keys is not None:
            key_ring(keys.get_secret_value())
        return keys

    @field_validator("api_key", "resume_token_key")
    @classmethod
    def _long_enough(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < MIN_KEY_CHARACTERS:
            raise ValueError(f"must have at least {MIN_KEY_CHARACTERS} characters; make one with: openssl rand -hex 32")
        return key

    @field_validator("api_key")
    @classmethod
    def _no_open_server(cls, key: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if key is None and (env := _outside_dev(info)):
            raise ValueError(f"is required in {env}")
        return key

    @field_validator("resume_token_key")
    @classmethod
    def _no_lost_streams(cls, key: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if key is None and info.data.get("state_dir", "faulty") is None and (env := _outside_dev(info)):
            raise ValueError(f"is required in {env} unless MFN_STATE_DIR is set")
        return key

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments over variables over the environment's file; the environment itself never comes from a file."""
        chosen = init_settings().get("env") or os.environ.get("MFN_ENV") or Environment.PROD
        file = CONFIGS / f"{Path(str(chosen)).name}.json"
        layers = (init_settings, env_settings)
        return (*layers, JsonConfigSettingsSource(settings_cls, file)) if file.exists() else layers


def _outside_dev(info: ValidationInfo) -> Environment | None:
    """The environment, when it must fail closed; None in dev, and where the environment itself is the fault.

    Asked by the validators of single fields: one of the whole would be silent as soon as any field is faulty.
    """
    env: Environment | None = info.data.get("env")
    return None if env is Environment.DEV else env


class InvalidSettings(ValueError):
    """Settings that the server refuses to start with; the text names every fault by its variable."""

    def __init__(self, error: ValidationError) -> None:
        faults = [f"  {_variable(fault)}{fault['msg'].removeprefix('Value error, ')}" for fault in error.errors()]
        super().__init__("\n".join(["the server cannot start:", *faults]))


def load_settings(**overrides: Any) -> Settings:
    """The settings of this process; raises InvalidSettings."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise InvalidSettings(error) from None


def misspelt(variables: Iterable[str]) -> dict[str, str]:
    """Variables that look like a setting but are none, and the setting each comes closest to."""
    known = {f"MFN_{name.upper()}" for name in Settings.model_fields}
    unknown = [name for name in variables if name.startswith("MFN_") and name not in known | READ_ELSEWHERE]
    near = {name: get_close_matches(name, known, n=1) for name in unknown}
    return {name: found[0] for name, found in near.items() if found}


def describe() -> str:
    """Every variable with its meaning, range and default, one a line."""
    return "\n".join(f"  MFN_{name.upper():24} {_described(field)}" for name, field in Settings.model_fields.items())


def _described(field: FieldInfo) -> str:
    bounds = {kind: getattr(limit, kind) for limit in field.metadata for kind in ("ge", "le") if hasattr(limit, kind)}
    words = " to ".join(f"{bounds[kind]:,}" for kind in ("ge", "le") if kind in bounds)
    allowed = f", {words}" if "le" in bounds else f", {words} or more" if bounds else ""
    default = "none" if field.default is None else f"{field.default:,}" if bounds else field.default
    return f"{field.description}{allowed} (default: {default})"


def _variable(fault: "ErrorDetails") -> str:
    return "".join(f"MFN_{part}: ".upper() for part in fault["loc"][:1])
