"""What a secret is read from."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Found:
    """Content and its stamp, which is another one when the content is; the text form shows neither."""

    stamp: Hashable = field(repr=False)
    content: bytes = field(repr=False)


class Source(Protocol):
    """One secret, somewhere. Its text form names the place as the settings do and holds nothing of the content."""

    @property
    def store(self) -> str | None:
        """The store on another machine that it is asked of; None for what is on this one."""

    @property
    def look_every_s(self) -> float:
        """How long a look at it lasts; infinite for what cannot change."""

    def look(self, seen: Hashable = None) -> Found | None:
        """What is there now, or None while its stamp is still `seen`. Blocks: on a thread, or before the server runs.

        Raises OSError where the place does not answer and ValueError where what it holds is of no use; neither text
        holds anything of the content.
        """

    def __str__(self) -> str: ...
