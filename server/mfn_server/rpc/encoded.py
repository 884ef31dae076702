"""An answer that is serialised already, by whoever could do so off the event loop."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from google.protobuf.message import Message

M = TypeVar("M", bound=Message)


@dataclass(frozen=True)
class Encoded(Generic[M]):
    """The bytes of a message of the type M."""

    raw: bytes

    def SerializeToString(self) -> bytes:  # noqa: N802  # the name that messages have for it
        """The bytes, as a message would give them."""
        return self.raw
