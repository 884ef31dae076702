"""An answer that is serialised already, by whoever could do so off the event loop."""

from typing import Generic, TypeVar

from google.protobuf.message import Message

M = TypeVar("M", bound=Message)


class Encoded(Generic[M]):
    """The bytes of a message of the type M."""

    __slots__ = ("raw",)

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def SerializeToString(self) -> bytes:  # noqa: N802  # the name that messages have for it
        """The bytes, as a message would give them."""
        return self.raw
