"""Failures of storage and refusals of the machine, as callers see them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1.error_reason_pb2 import ErrorReason
from mfn_server.errors import Fault
from mfn_server.federation.machine.admitting import Refused
from mfn_server.federation.storage.errors import (
    DigestMismatch,
    DraftClosed,
    FederationExists,
    FederationMissing,
    OwnedElsewhere,
    SealBroken,
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
    return next((told(error) for kind, told in _TOLD.items() if isinstance(error, kind)), None)


def _full(error: StorageFull) -> Fault:
    text = "the server has no room left to store this durably; nothing of it was acknowledged, try again later"
    return Fault(reasons.ERROR_REASON_STORAGE_FULL, text, retry_after_s=RETRY_S)


def _other_bytes(error: DigestMismatch) -> Fault:
    text = "all bytes arrived, but their SHA-256 is not the one announced; send them again from the beginning"
    return Fault(reasons.ERROR_REASON_DIGEST_MISMATCH, text)


def _superseded(error: DraftClosed) -> Fault:
    text = "a newer stream goes on with the same bytes; run one session a participant, and one upload a model"
    return Fault(reasons.ERROR_REASON_SESSION_SUPERSEDED, text)


def _sealed(error: SealBroken) -> Fault:
    file = f"{error.path.parent.name}/{error.path.name}"
    text = f"the federation's file {file}, sealed with key {error.key_id!r}, does not open; its operator must see to it"
    return Fault(reasons.ERROR_REASON_SEAL_BROKEN, text, metadata={"file": file, "key_id": error.key_id})


def _elsewhere(error: OwnedElsewhere) -> Fault:
    text = f"another process owns the federation; connect to {error.address}"
    return Fault(reasons.ERROR_REASON_NOT_OWNER, text, metadata={"owner": error.address})


def _taken(error: FederationExists) -> Fault:
    return Fault(reasons.ERROR_REASON_RESOURCE_EXISTS, f"{error}; choose another name")


def _gone(error: FederationMissing) -> Fault:
    return Fault(reasons.ERROR_REASON_RESOURCE_NOT_FOUND, f"{error}; see ListFederations")


_TOLD: Mapping[type[StorageError], Callable[[Any], Fault]] = {
    StorageFull: _full,
    DigestMismatch: _other_bytes,
    DraftClosed: _superseded,
    SealBroken: _sealed,
    OwnedElsewhere: _elsewhere,
    FederationExists: _taken,
    FederationMissing: _gone,
}
