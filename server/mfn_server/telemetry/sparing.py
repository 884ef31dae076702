"""Tells of what happens over and over once in a while, with how often it did."""

from collections.abc import Hashable
from time import monotonic

EVERY_S = 10.0
"""What goes on is told of once in this time."""
MOST_KINDS = 1024


class Sparing:
    """Counts what happens, by kind; of more than MOST_KINDS the one that was told of longest ago is forgotten."""

    def __init__(self) -> None:
        self._kinds: dict[Hashable, tuple[float, int]] = {}

    def count(self, kind: Hashable) -> int:
        """How often it happened since it was last told of, this time included; 0: it is not to be told of now."""
        now = monotonic()
        told_at, since = self._kinds.get(kind, (-EVERY_S, 0))
        if now - told_at < EVERY_S:
            self._kinds[kind] = told_at, since + 1
            return 0
        self._kinds.pop(kind, None)
        if len(self._kinds) >= MOST_KINDS:
            del self._kinds[next(iter(self._kinds))]
        self._kinds[kind] = now, 0
        return since + 1
