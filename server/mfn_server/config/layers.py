"""Where values of settings come from: arguments, over variables, over the file of the environment."""

import os
from pathlib import Path
from types import NoneType
from typing import Any, get_args

from pydantic import ValidationInfo, field_validator
from pydantic_settings import BaseSettings, JsonConfigSettingsSource, PydanticBaseSettingsSource

from mfn_server.config.environments import CONFIGS, Environment
from mfn_server.config.forms import NONE


class Layered(BaseSettings):
    """Settings of these layers, in which the word none unsets."""

    @field_validator("*", mode="before")
    @classmethod
    def _unset(cls, value: Any, info: ValidationInfo) -> Any:
        """The word none, for a setting that need not be set: it undoes what the environment's file says."""
        optional = NoneType in get_args(cls.model_fields[info.field_name or ""].annotation)
        return None if optional and value == NONE else value

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
        chosen = init_settings().get("env", os.environ.get("MFN_ENV", Environment.PROD))
        file = environment_file(str(chosen))
        layers = (init_settings, env_settings)
        return (*layers, JsonConfigSettingsSource(settings_cls, file)) if file.exists() else layers


def environment_file(env: str) -> Path:
    """Where the values of an environment stand."""
    return CONFIGS / f"{Path(env).name}.json"
