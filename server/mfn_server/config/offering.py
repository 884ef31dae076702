"""What of the contract this server offers."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from mfn_server.config.forms import words


class Service(StrEnum):
    """The services of the contract by their short names, in the order of telling."""

    ELECTROCHEMISTRY = "electrochemistry"
    SIMULATION = "simulation"
    FEATURES = "features"
    VALIDATION = "validation"
    FEDERATION = "federation"


EVERY_SERVICE = list(Service)


def _services(value: Any) -> list[Service]:
    """Services from words; what is named twice is offered once, and the order of the words does not matter."""
    known = ", ".join(Service)
    named = set(map(str, words(value)))
    if unknown := sorted(named - set(Service)):
        raise ValueError(f"{', '.join(map(repr, unknown))}: no such service; there are {known}")
    if not named:
        raise ValueError(f"is empty: name at least one of {known}")
    return [service for service in Service if service in named]


class Offering(BaseSettings):
    """Which services are offered."""

    services: Annotated[list[Service], BeforeValidator(_services)] = Field(
        EVERY_SERVICE,
        description="services to offer, between commas or as a JSON list; the others are unknown to this server",
    )


class OfferingAlone(Offering):
    """The same where nothing else is known, as in the building of an image."""

    model_config = SettingsConfigDict(
        env_prefix="MFN_", enable_decoding=False, validate_default=True, hide_input_in_errors=True
    )
