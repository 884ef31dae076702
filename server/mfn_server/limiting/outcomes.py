"""What is counted of the limits."""

from typing import Protocol

ALLOWED, LIMITED, STORE_FAILED = "allowed", "limited", "store_failed"


class LimitOutcomes(Protocol):
    """Counts how calls fared with their limits."""

    def count(self, method_class: str, outcome: str) -> None:
        """One call. outcome: allowed, limited, or store_failed (whether it passed or was refused)."""


class Uncounted:
    """Where nobody looks at the counts."""

    def count(self, method_class: str, outcome: str) -> None:
        """Forget it."""
