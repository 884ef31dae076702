"""A secret in a file: a mounted one, or what another program writes."""

import os
import stat
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

from mfn_server.secrets.sources.fields import unless_seen
from mfn_server.secrets.sources.source import Found

LOOK_EVERY_S = 1.0
MOST_BYTES = 1 << 20
"""Content of a file; more is no secret, but a mistake."""


@dataclass(frozen=True)
class FileSource:
    """A file that this process may read and not everybody may change. Its times say nothing: content is compared."""

    path: Path
    look_every_s: float = LOOK_EVERY_S
    store = None

    def look(self, seen: Hashable = None) -> Found | None:
        """The bytes of the file.

        A link counts as what it leads to: a mounted Kubernetes secret is exchanged by its link.
        """
        return unless_seen(self._content(), seen)

    def _content(self) -> bytes:
        try:
            # A pipe that nobody writes to would be waited for.
            with os.fdopen(os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                self._require_safe(os.fstat(file.fileno()))
                content = file.read(MOST_BYTES + 1)
        except OSError as error:
            why = (error.strerror or type(error).__name__).lower()
            raise ValueError(f"{self.path} cannot be read: {why}; name a file that this process may read") from None
        if len(content) > MOST_BYTES:
            raise ValueError(f"{self.path} holds more than {MOST_BYTES} bytes; a secret is never so long")
        return content

    def _require_safe(self, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{self.path} is no regular file; name one that can be read again and again")
        if status.st_mode & stat.S_IWOTH:
            raise ValueError(
                f"{self.path} may be changed by everybody on this machine; take that away with: chmod o-w {self.path}"
            )

    def __str__(self) -> str:
        return str(self.path)
