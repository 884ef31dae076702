"""One federation on disk, owned by this process: its journal, the payloads of its updates and of its models."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mfn_server.federation.storage.errors import DraftClosed, KeyMissing, PayloadMissing, SealBroken, StorageDamaged
from mfn_server.federation.storage.journal import Journal
from mfn_server.federation.storage.keys import KeyRing
from mfn_server.federation.storage.owner import OwnerLock
from mfn_server.federation.storage.payload_store import PayloadStore

OWNER, UID, JOURNAL, UPDATES, MODELS = "owner.lock", "uid", "journal.db", "updates", "models"
log = logging.getLogger(__name__)


class FederationFolder:
    """A federation's folder and what is in it, open. Made by FederationFolders.

    uid: the federation's. journal, updates, models: what it keeps. Methods block.
    """

    def __init__(self, path: Path, owner: OwnerLock, keys: KeyRing | None) -> None:
        self.path, self._owner, self._keys = path, owner, keys
        self.uid = read_uid(path)
        self.updates = PayloadStore(path / UPDATES, self.uid, keys)
        self.models = PayloadStore(path / MODELS, self.uid, keys)
        self.journal = Journal(path / JOURNAL)

    @property
    def federation_id(self) -> str:
        """The federation's id, as in its name."""
        return self.path.name

    def stored_bytes(self) -> int:
        """Bytes of all its files."""
        return sum(_size(path) for path in self.path.rglob("*"))

    def require_keys(self) -> None:
        """Raise KeyMissing when a payload is sealed with a key that is not configured; other damage is told on use."""
        for store in (self.models, self.updates):
            for key in store.finished_keys():
                _require_key(store, key)

    def reseal(self) -> Iterator[bool]:
        """Seal with the newest key what is not, one payload a step; whether that was to be done for it."""
        stores = () if self._keys is None else (self.models, self.updates)
        return (_reseal(store, key) for store in stores for key in store.finished_keys())

    def close(self) -> None:
        """End its drafts, close the journal and give up the ownership."""
        try:
            self.close_files()
        finally:
            self._owner.close()

    def close_files(self) -> None:
        """End its drafts and close the journal, still its owner."""
        self.updates.close()
        self.models.close()
        self.journal.close()


def read_uid(path: Path) -> str:
    """The uid of the federation in a folder."""
    try:
        return (path / UID).read_text(encoding="ascii")
    except (FileNotFoundError, UnicodeDecodeError):
        raise StorageDamaged(path / UID, "the federation's uid is not there") from None


def _reseal(store: PayloadStore, key: str) -> bool:
    try:
        return store.reseal(key)
    except (PayloadMissing, DraftClosed):  # deleted meanwhile
        return False
    except SealBroken as broken:  # told to those who need it; the others are resealed all the same
        log.error("%s", broken)
        return False


def _require_key(store: PayloadStore, key: str) -> None:
    with suppress(PayloadMissing):
        try:
            store.open(key).close()
        except KeyMissing:
            raise
        except SealBroken as broken:
            log.error("%s", broken)


def _size(path: Path) -> int:
    try:
        return 0 if path.is_dir() else path.stat().st_size
    except FileNotFoundError:
        return 0
