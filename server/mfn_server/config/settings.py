"""All settings of a server: where they come from, and how their faults are told together."""

import json
from typing import Any

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    SettingsConfigDict,
)

from mfn_server.config.access import Access
from mfn_server.config.checks import faults
from mfn_server.config.computing import Computing
from mfn_server.config.ending import Ending
from mfn_server.config.environments import CONFIGS, Environment
from mfn_server.config.federating import Federating
from mfn_server.config.layers import Layered
from mfn_server.config.listening import Listening
from mfn_server.config.offering import Offering
from mfn_server.config.rates import Rates
from mfn_server.config.secrets import Secrets
from mfn_server.config.telemetry import Telemetry


class Choosing(BaseSettings):
    """Which environment this is."""

    env: Environment = Field(Environment.PROD, description="dev, staging or prod; anything else refuses to start")


SECTIONS: tuple[type[BaseSettings], ...] = (
    Choosing,
    Offering,
    Listening,
    Secrets,
    Access,
    Rates,
    Computing,
    Federating,
    Telemetry,
    Ending,
)
"""The groups of settings, in the order in which they are told."""


class Settings(
    Ending, Telemetry, Federating, Computing, Rates, Access, Secrets, Listening, Offering, Choosing, Layered
):
    """Everything an operator can set; each field is the variable MFN_<NAME>."""

    model_config = SettingsConfigDict(
        allow_inf_nan=False,
        env_prefix="MFN_",
        enable_decoding=False,  # lists and objects are decoded by their types, whose faults are told with the others
        extra="forbid",
        frozen=True,
        validate_default=True,
        hide_input_in_errors=True,
    )

    @model_validator(mode="wrap")
    @classmethod
    def _all_faults(cls, data: dict[str, Any], validate: ModelWrapValidatorHandler["Settings"]) -> "Settings":
        """The settings, checked together; the checks see what is valid even where single settings are faulty."""
        told: list[tuple[str, str]] = []
        try:
            settings = validate(data)
        except ValidationError as error:
            told = [(str(fault["loc"][0]), fault["msg"].removeprefix("Value error, ")) for fault in error.errors()]
            faulty = {name for name, _ in told}
            settings = validate({name: value for name, value in data.items() if name not in faulty})
        faulty = {name for name, _ in told}
        told += faults(settings, faulty | _undecided(data) if "env" in faulty else faulty)
        if told:
            raise ValidationError.from_exception_data(cls.__name__, [_line(*each) for each in told])
        return settings


def _undecided(data: dict[str, Any]) -> set[str]:
    """Settings that the environment's file would give, were it known which: their defaults must not be judged."""
    return {name for file in CONFIGS.glob("*.json") for name in json.loads(file.read_bytes())} - set(data)


def _line(name: str, text: str) -> InitErrorDetails:
    return InitErrorDetails(type=PydanticCustomError("setting", "{text}", {"text": text}), loc=(name,), input=None)
