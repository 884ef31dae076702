"""The value of each setting and where it comes from; of secrets the reference, or a mask."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic_settings import EnvSettingsSource

from mfn_server.config.describing import variable
from mfn_server.config.forms import NONE
from mfn_server.config.layers import environment_file
from mfn_server.config.settings import Settings
from mfn_server.secrets.held import Held


class Origin(StrEnum):
    """The layers, the strongest first."""

    VARIABLE = "variable"
    FILE = "file"
    DEFAULT = "default"


@dataclass(frozen=True)
class Shown:
    """One setting. value: as JSON would hold it."""

    variable: str
    value: Any
    origin: Origin

    @property
    def text(self) -> str:
        """The value as a variable would hold it."""
        if self.value is None:
            return NONE
        return self.value if isinstance(self.value, str) else json.dumps(self.value)


def shown(settings: Settings) -> list[Shown]:
    """Every setting of settings that were loaded without arguments, in their order."""
    layers: list[tuple[Origin, dict[str, Any]]] = [
        (Origin.VARIABLE, EnvSettingsSource(Settings)()),
        (Origin.FILE, json.loads(environment_file(settings.env).read_bytes())),
    ]
    return [
        Shown(
            variable(name),
            _referred(settings, name, value),
            next((origin for origin, held in layers if name in held), Origin.DEFAULT),
        )
        for name, value in settings.model_dump(mode="json").items()
    ]


def _referred(settings: Settings, name: str, value: Any) -> Any:
    """The value; of a secret that is kept elsewhere, where."""
    found = getattr(settings, name)
    return found.reference if isinstance(found, Held) and found.reference is not None else value
