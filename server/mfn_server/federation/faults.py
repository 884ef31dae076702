"""Failures of storage and refusals of the machine, as callers see them."""

from collections.abc import Iterator
from contextlib import contextmanager

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1.error_reason_pb2 import ErrorReason
from mfn_server.errors import Fault
from mfn_server.federation.machine.admitting import Refused
from mfn_server.federation.storage.errors import (
    DigestMismatch,
    FederationExists,
    FederationMissing,
    OwnedElsewhere,
    StorageError,
    StorageFull,
)

RETRY_S = 1.0
"""When to try again what found no room on the disk."""


def reason_named(name: str) -> ErrorReason:
    """The reason of the catalogue that has this name."""
    reason: ErrorReason = getattr(reasons, f"ERROR_REASON_{name}")
    return reason


def refusal(refused: Refused) -> Fault:
    """The machine's refusal of what a participant sent."""
    return Fault(reason_named(refused.reason), refused.text, metadata=dict(refused.metadata))


@contextmanager
def storage_faults() -> Iterator[None]:
    """Turns failures of storage that a caller can do something about into faults of the catalogue."""
    try:
        yield
    except StorageError as error:
        fault = _fault(error)
        if fault is None:
            raise
        raise fault from error


def _fault(error: StorageError) -> Fault | None:
    match error:
        case StorageFull():
            text = "the server has no room left to store this durably; nothing of it was acknowledged, try again later"
            return Fault(reasons.ERROR_REASON_STORAGE_FULL, text, retry_after_s=RETRY_S)
        case DigestMismatch():
            text = "all bytes arrived, but their SHA-256 is not the one announced; send them again from the beginning"
            return Fault(reasons.ERROR_REASON_DIGEST_MISMATCH, text)
        case OwnedElsewhere(address=address):
            text = f"another process owns the federation; connect to {address}"
            return Fault(reasons.ERROR_REASON_NOT_OWNER, text, metadata={"owner": address})
        case FederationExists():
            return Fault(reasons.ERROR_REASON_RESOURCE_EXISTS, f"{error}; choose another name")
        case FederationMissing():
            return Fault(reasons.ERROR_REASON_RESOURCE_NOT_FOUND, f"{error}; see ListFederations")
        case _:
            return None
