"""One client's update on its way into the spool, and what is looked at once it is complete."""

import hashlib
from dataclasses import dataclass

import numpy as np

from mfn_grpc.core.aggregation import VerdictReason
from mfn_grpc.tensors import Elements, Layout
from mfn_server.aggregation.spool import SpoolFile, View

LOOKED_AT_ONCE = 2**18
"""Elements."""


@dataclass(frozen=True)
class Screening:
    """Why an update was screened out before the rule."""

    reason: VerdictReason
    detail: str


@dataclass(frozen=True)
class Place:
    """Where an update stands in its round's file, and how its tensors stand in it."""

    file: SpoolFile
    start: int
    total_bytes: int
    layout: Layout


class Upload:
    """One client's update. received: bytes taken from the caller.

    `append` and `verify` block, and run on one thread at a time.
    """

    def __init__(self, client_id: str, weight: float, sha256: bytes, place: Place) -> None:
        self.client_id, self.weight, self.sha256 = client_id, weight, sha256
        self.total_bytes = place.total_bytes
        self.received = 0
        self._place = place
        self._digest, self._written = hashlib.sha256(), 0

    @property
    def complete(self) -> bool:
        """Whether all its bytes have come."""
        return self.received == self.total_bytes

    def append(self, data: bytes) -> None:
        """Write the next bytes."""
        self._digest.update(data)
        self._place.file.write(self._place.start + self._written, data)
        self._written += len(data)

    def verify(self) -> Screening | None:
        """What is wrong with the complete update by itself, or None."""
        digest = self._digest.digest()
        if digest != self.sha256:
            text = f"the payload's SHA-256 is {digest.hex()}, announced was {self.sha256.hex()}"
            return Screening(VerdictReason.DIGEST, text)
        file, start = self._place.file, self._place.start
        written = Elements(self._place.layout, lambda first, last: file.read(start + first, start + last))
        at = _first_not_finite(written)
        return None if at is None else Screening(VerdictReason.NOT_FINITE, f"element {at} is NaN or infinite")

    def elements(self, spooled: View) -> Elements:
        """Its elements, read from a view of the round's file."""
        start = self._place.start
        return Elements(self._place.layout, lambda first, last: spooled.read(start + first, start + last))


def _first_not_finite(elements: Elements) -> int | None:
    for start in range(0, elements.size, LOOKED_AT_ONCE):
        finite = np.isfinite(elements.read(start, min(start + LOOKED_AT_ONCE, elements.size)))
        if not finite.all():
            return start + int(np.argmin(finite))
    return None
