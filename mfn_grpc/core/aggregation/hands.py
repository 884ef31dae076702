"""Who works on an aggregation: the calling thread, or several that take parts of each block."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Share = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""Applies a function to each of several parts, in any order and on any thread, like `map`."""


@dataclass(frozen=True)
class Hands:
    """As many parts at a time as threads are expected, and who does them. Neither changes a bit of any result."""

    count: int = 1
    share: Share = map

    def work(self, function: Callable[[Any], Any], parts: Iterable[Any]) -> None:
        """Returns once `function` has returned for all parts."""
        for _ in self.share(function, parts):
            pass


ALONE = Hands()
"""The calling thread."""
