"""The logging of this process, configured as that of a server and written to a file."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from mfn_server.config.loading import load_settings
from mfn_server.config.settings import Settings
from mfn_server.telemetry.logs import Logs, configure


@dataclass
class Captured:
    """What was written; `close` first, so that all of it is there."""

    path: Path
    logs: Logs

    @property
    def text(self) -> str:
        """Everything."""
        self.logs.close()
        return self.path.read_text(encoding="utf-8")

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Every line, which must be a JSON object."""
        found = [orjson.loads(line) for line in self.text.split("\n")[:-1]]
        assert all(isinstance(line, dict) for line in found)
        return found

    def by(self, logger: str) -> list[dict[str, Any]]:
        """The lines of one logger."""
        return [line for line in self.lines if line["logger"] == logger]


@contextmanager
def capturing(path: Path, loaded: Settings | None = None, **settings: Any) -> Iterator[Captured]:
    """Logging by these settings until the context is left."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    logs = configure(loaded or load_settings(**({"env": "dev", "log_format": "json"} | settings)), descriptor)
    try:
        yield Captured(path, logs)
    finally:
        logs.close()
        os.close(descriptor)
