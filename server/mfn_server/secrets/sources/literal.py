"""A secret that is written out in the settings."""

import math
from collections.abc import Hashable
from dataclasses import dataclass, field

from mfn_server.secrets.sources.source import Found


@dataclass(frozen=True)
class LiteralSource:
    """The text itself, which never changes."""

    content: bytes = field(repr=False)
    look_every_s = math.inf
    store = None

    def look(self, seen: Hashable = None) -> Found | None:
        """The text."""
        return None if seen == () else Found((), self.content)

    def __str__(self) -> str:
        return "the text of the setting"
