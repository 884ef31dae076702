"""A durable note of every acknowledgement: one line of JSON each, on disk before anything else happens."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mfn_client.federated._results import Acknowledgement


class AckFile:
    """Appends acknowledgements to a file; one that it holds already is not written again.

    A last line that a crash cut off is dropped: what it was about is told again on joining.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._known = set(read_acknowledgements(path)) if self._path.exists() else set()

    def note(self, ack: Acknowledgement) -> None:
        """Write the acknowledgement and wait until it is durable."""
        if ack in self._known:
            return
        with self._path.open("ab") as file:
            file.truncate(_whole_bytes(self._path))
            file.write(_line(ack))
            file.flush()
            os.fsync(file.fileno())
        self._known.add(ack)


def read_acknowledgements(path: str | Path) -> Iterator[Acknowledgement]:
    """The acknowledgements that a file holds, in order."""
    whole = Path(path).read_bytes()[: _whole_bytes(Path(path))]
    for line in whole.splitlines():
        values = json.loads(line)
        yield Acknowledgement(**{**values, "payload_sha256": bytes.fromhex(values["payload_sha256"])})


def _line(ack: Acknowledgement) -> bytes:
    values: dict[str, Any] = asdict(ack) | {"payload_sha256": ack.payload_sha256.hex()}
    return json.dumps(values).encode() + b"\n"


def _whole_bytes(path: Path) -> int:
    """Length of the lines that are complete."""
    return path.read_bytes().rfind(b"\n") + 1
