"""The federations of a state directory, which several server processes may share, each owning some of them.

A federation is a folder named after it. It is made under another name and then renamed, and renamed away before it is
deleted, so there is never half of one.
"""

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mfn_server.federation.storage.crash_points import crash_plan, crash_point
from mfn_server.federation.storage.creations import Creation, Creations
from mfn_server.federation.storage.durable import opened, sync_folder, write_file
from mfn_server.federation.storage.errors import (
    AlreadyCreated,
    FederationExists,
    FederationMissing,
    OwnedElsewhere,
    StorageFull,
    room_needed,
)
from mfn_server.federation.storage.folder import JOURNAL, MODELS, OWNER, UID, UPDATES, FederationFolder, read_uid
from mfn_server.federation.storage.journal import Journal
from mfn_server.federation.storage.keys import KeyRing
from mfn_server.federation.storage.owner import OwnerLock
from mfn_server.federation.storage.rows import Batch, RequestRow

UNFINISHED, REMOVED = ".new-", ".gone-"
FEDERATION_ID = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
LOCK, CREATIONS = ".lock", ".creations.db"


@dataclass(frozen=True)
class NewFederation:
    """What a federation begins with. uid: printable ASCII, no other federation's. batch: its journal's first."""

    federation_id: str
    uid: str
    batch: Batch
    request: RequestRow | None = None


class FederationFolders:
    """The federations in a directory, made when missing. address: where other processes send those who ask.

    Methods block: call them on a thread of their own.
    """

    def __init__(self, directory: Path, address: str, keys: KeyRing | None = None) -> None:
        crash_plan()
        self.path, self._address, self._keys = directory, address, keys
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    def names(self) -> list[str]:
        """Ids of all federations, also those of other processes, in order."""
        return sorted(path.name for path in self.path.iterdir() if FEDERATION_ID.fullmatch(path.name) and path.is_dir())

    def uid(self, federation_id: str) -> str:
        """Uid of a federation, also of another process's; raises FederationMissing."""
        path = self._path(federation_id)
        if not path.is_dir():
            raise FederationMissing(federation_id)
        return read_uid(path)

    def open(self, federation_id: str) -> FederationFolder:
        """Own a federation; raises FederationMissing, OwnedElsewhere, StorageDamaged, UnknownVersion, StorageFull."""
        path = self._path(federation_id)
        try:
            with room_needed(path):
                owner = OwnerLock(path / OWNER, self._address)
        except FileNotFoundError:
            raise FederationMissing(federation_id) from None
        return self._folder(path, owner)

    def create(self, new: NewFederation) -> FederationFolder:
        """Make a federation and own it; raises AlreadyCreated for its request, FederationExists, StorageFull."""
        path = self._path(new.federation_id)
        with room_needed(path), self._alone(), self._creations() as creations:
            if new.request and (answered := self._answered(creations, new.request.request_id)):
                raise AlreadyCreated(answered)
            if path.exists():
                raise FederationExists(new.federation_id)
            owner = self._appear(path, new, creations)
        return self._folder(path, owner)

    def creation(self, request_id: str) -> RequestRow | None:
        """The request of this id, when it created a federation, though that may be deleted by now."""
        with self._alone(), self._creations() as creations:
            return self._answered(creations, request_id)

    def delete(self, folder: FederationFolder) -> None:
        """Delete a federation that this process owns, for good even when the process dies before all files are gone."""
        removed = self.path / f"{REMOVED}{secrets.token_hex(8)}"
        folder.close_files()
        with self._alone(), self._creations() as creations:
            with suppress(StorageFull):  # deleting must not need room
                creations.finish(folder.uid)
            crash_point("before-removal-rename")
            folder.path.rename(removed)
            crash_point("after-removal-rename")
            sync_folder(self.path)
            crash_point("after-removal-durable")
        _remove(removed)
        crash_point("after-removal-files")
        folder.close()

    def tidy(self) -> None:
        """Delete what processes that died have left of creations and removals."""
        with self._alone():
            for path in list(self.path.iterdir()):
                if path.name.startswith((UNFINISHED, REMOVED)) and not self._in_use(path):
                    _remove(path)

    def _path(self, federation_id: str) -> Path:
        if FEDERATION_ID.fullmatch(federation_id):
            return self.path / federation_id
        raise FederationMissing(federation_id)

    def _folder(self, path: Path, owner: OwnerLock) -> FederationFolder:
        try:
            return FederationFolder(path, owner, self._keys)
        except BaseException:
            owner.close()
            raise

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other thread or process creates, renames or tidies meanwhile."""
        with opened(self.path / LOCK, os.O_RDWR | os.O_CREAT) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _creations(self) -> Iterator[Creations]:
        with closing(Creations(self.path / CREATIONS)) as creations:
            yield creations

    def _answered(self, creations: Creations, request_id: str) -> RequestRow | None:
        """The request, unless its process died before its federation appeared."""
        found = creations.find(request_id)
        if found is None:
            return None
        return found.request if found.finished or self._appeared(found) else None

    def _appeared(self, creation: Creation) -> bool:
        path = self._path(creation.federation_id)
        return path.exists() and read_uid(path) == creation.uid

    def _appear(self, path: Path, new: NewFederation, creations: Creations) -> OwnerLock:
        """From nothing to a federation, by one rename."""
        crash_point("before-federation-folder")
        unfinished = self.path / f"{UNFINISHED}{secrets.token_hex(8)}"
        try:
            owner = self._fill(unfinished, new)
        except BaseException:
            _remove(unfinished)
            raise
        try:
            if new.request is not None:
                creations.note(new.request, new.federation_id, new.uid)
            crash_point("after-creation-noted")
            unfinished.rename(path)
            crash_point("after-federation-rename")
            sync_folder(self.path)
            crash_point("after-federation-durable")
        except BaseException:
            _remove(unfinished)
            owner.close()
            raise
        with suppress(StorageFull):  # a federation that is there counts as created all the same
            creations.finish(new.uid)
        return owner

    def _fill(self, folder: Path, new: NewFederation) -> OwnerLock:
        """Everything that a federation begins with, durable, and its owner."""
        folder.mkdir(mode=0o700)
        owner = OwnerLock(folder / OWNER, self._address)
        try:
            write_file(folder / UID, new.uid.encode("ascii"))
            for name in (UPDATES, MODELS):
                (folder / name).mkdir(mode=0o700)
            Journal.create(folder / JOURNAL)
            with closing(Journal(folder / JOURNAL)) as journal:
                journal.commit(new.batch)
            sync_folder(folder)
            crash_point("after-federation-folder")
        except BaseException:
            owner.close()
            raise
        return owner

    def _in_use(self, folder: Path) -> bool:
        """Whether a process that lives is deleting the folder."""
        try:
            OwnerLock(folder / OWNER, self._address).close()
        except OwnedElsewhere:
            return True
        except FileNotFoundError:
            return False
        return False


def _remove(folder: Path) -> None:
    """Delete a folder that counts no more, its owner's lock last; what cannot be deleted is tidied at a next start."""
    for path in folder.glob("*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != OWNER:
            path.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
