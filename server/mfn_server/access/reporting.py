"""To whom access tells what it did: the audit, and what counts reloads."""

from enum import StrEnum
from typing import Any, Protocol


class Flaw(StrEnum):
    """What is wrong with a call's credential."""

    MISSING = "missing"
    INVALID = "invalid"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Audit(Protocol):
    """Takes down security-relevant events."""

    def record(self, event: str, **fields: Any) -> None:
        """One event with what is known of it; never a secret."""


class Reloads(Protocol):
    """Counts how often files were read again."""

    def count(self, file: str, succeeded: bool) -> None:
        """One attempt; file: the setting that names the file."""

    def recovered(self, file: str) -> None:
        """It can be read again and is what it was before it could not."""
