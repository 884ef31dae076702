"""What can go wrong with storage.

StorageError
├── StorageFull         no room (also quota): nothing of the attempt counts, the next one may succeed
├── StorageDamaged      a file is not what was written
├── UnknownVersion      a database of another version of this software
├── SealBroken          a sealed file was altered, cut or belongs elsewhere
│   └── KeyMissing      or its key is not among those configured
├── OwnedElsewhere      another process owns the federation
├── FederationMissing   no federation of this name
├── FederationExists    the name is taken
├── AlreadyCreated      this creating request was answered before
├── PayloadMissing      no payload under this key
├── DigestMismatch      a payload is not what its claim says
└── DraftClosed         the draft was finished, discarded or superseded
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mfn_server.federation.storage.rows import RequestRow

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""No room on the volume, in the quota, or under the limit of a file's size."""


class StorageError(Exception):
    """A failure of storage; its message is written for the operator and names files."""


class StorageFull(StorageError):
    """No room, or no quota, for what was to be written; nothing of it counts."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: no room left (volume, quota or limit of file sizes); make room, then try again")
        self.path = path


class StorageDamaged(StorageError):
    """A file is not what was written; it is left as it is."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path}: damaged: {what}; restore it from a copy, or delete its federation")
        self.path = path


class UnknownVersion(StorageError):
    """A database that another version of this software wrote."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(f"{path}: has version {found}, this software reads version {known}; run the one that wrote it")
        self.path, self.found, self.known = path, found, known


class SealBroken(StorageError):
    """A sealed file that does not open; key_id names the key it was sealed with."""

    def __init__(self, path: Path, key_id: str, what: str) -> None:
        super().__init__(f"{path}: sealed with key {key_id!r}: {what}")
        self.path, self.key_id = path, key_id


class KeyMissing(SealBroken):
    """A sealed file whose key is not among those configured."""

    def __init__(self, path: Path, key_id: str) -> None:
        super().__init__(path, key_id, "this key is not among those configured; add it to MFN_FEDERATION_KEYS")


class OwnedElsewhere(StorageError):
    """Another process owns the federation; address is where it can be reached."""

    def __init__(self, address: str) -> None:
        super().__init__(f"the federation is owned by the server at {address}")
        self.address = address


class FederationMissing(StorageError):
    """No federation of this name."""

    def __init__(self, federation_id: str) -> None:
        super().__init__(f"there is no federation {federation_id!r}")


class FederationExists(StorageError):
    """The name is taken."""

    def __init__(self, federation_id: str) -> None:
        super().__init__(f"there is a federation {federation_id!r} already")


class AlreadyCreated(StorageError):
    """This creating request was answered before; request holds what was answered."""

    def __init__(self, request: "RequestRow") -> None:
        super().__init__(f"the request {request.request_id} was answered before")
        self.request = request


class PayloadMissing(StorageError):
    """No finished payload under this key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"there is no payload {key!r}")


class DigestMismatch(StorageError):
    """A payload is not what its claim says; its draft is gone, the next one begins at 0."""

    def __init__(self, key: str, claimed: str, found: str) -> None:
        super().__init__(f"payload {key!r}: {claimed} was claimed, {found} came")


class DraftClosed(StorageError):
    """The draft was finished, discarded or superseded by a newer one of the same key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the draft of payload {key!r} is closed")


@contextmanager
def room_needed(path: Path) -> Iterator[None]:
    """Turns a full disk, an exhausted quota, or a limit of file sizes, into StorageFull."""
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL:
            raise StorageFull(path) from error
        raise
