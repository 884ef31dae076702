"""SQLite as the journal needs it: durable at commit, refused when damaged or of another version, clear when full."""

import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mfn_server.federation.storage.crash_points import crash_point
from mfn_server.federation.storage.durable import opened, write_all
from mfn_server.federation.storage.errors import StorageDamaged, StorageFull, UnknownVersion, room_needed

PROBE_BYTES = 1 << 20
KEPT_LOG_BYTES = 64 << 20
"""Length to which a write-ahead log is cut after a burst."""
NOT_WRITTEN = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
NOT_READABLE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}


@dataclass(frozen=True)
class Schema:
    """What a database is made of. application_id: marks the file as ours. wait_s: for another process's transaction.

    shared: several processes use the database, and now and then; otherwise this one locks it, keeps a write-ahead log
    and needs no shared memory for that.
    """

    application_id: int
    version: int
    statements: str
    shared: bool = False
    wait_s: float = 10


class Database:
    """One connection, used by one thread at a time. Raises StorageDamaged, UnknownVersion, StorageFull.

    A missing or damaged file is never made anew.
    """

    def __init__(self, path: Path, schema: Schema) -> None:
        self.path, self._lock = path, threading.RLock()
        with translated(path):
            self._connection = _connect(path, schema, mode="rw")
            try:
                _configure(self._connection, schema)
                _require_ours(path, self._connection, schema)
                _require_intact(path, self._connection)
            except BaseException:
                self._connection.close()
                raise

    @staticmethod
    def create(path: Path, schema: Schema) -> None:
        """Make a new, empty database; durable but for its name."""
        with translated(path), closing(_connect(path, schema, mode="rwc")) as connection:
            if not schema.shared:
                connection.execute("PRAGMA journal_mode = WAL")
            _configure(connection, schema)
            marks = f"PRAGMA application_id = {schema.application_id}; PRAGMA user_version = {schema.version};"
            connection.executescript(f"BEGIN EXCLUSIVE; {schema.statements} {marks} COMMIT;")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for queries."""
        with self._lock, translated(self.path):
            yield self._connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The connection, in a transaction that is durable after the block, or undone when it fails."""
        crash_point("before-transaction")
        with self._lock, translated(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                crash_point("after-transaction-begin")
                yield self._connection
                crash_point("before-commit")
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        crash_point("after-commit")

    def close(self) -> None:
        """Write the log back into the database and close it."""
        with self._lock, translated(self.path):
            self._connection.close()


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns what SQLite says of damage and of full disks into our errors; the rest is a fault of this software."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
        if code in NOT_READABLE:
            raise StorageDamaged(path, str(error)) from error
        if code == sqlite3.SQLITE_CANTOPEN and not path.exists():
            raise StorageDamaged(path, "the file is missing") from error
        if code == sqlite3.SQLITE_FULL or (code in NOT_WRITTEN and not _has_room(path.parent)):
            raise StorageFull(path) from error
        raise


def _connect(path: Path, schema: Schema, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=schema.wait_s, isolation_level=None, check_same_thread=False)


def _configure(connection: sqlite3.Connection, schema: Schema) -> None:
    if schema.shared:
        connection.execute("PRAGMA synchronous = EXTRA")  # without a log, FULL leaves the end of a commit in the cache
        return
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA journal_size_limit = {KEPT_LOG_BYTES}")


def _require_ours(path: Path, connection: sqlite3.Connection, schema: Schema) -> None:
    if connection.execute("PRAGMA application_id").fetchone() != (schema.application_id,):
        raise StorageDamaged(path, "it is no database of this software")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != schema.version:
        raise UnknownVersion(path, version, schema.version)


def _require_intact(path: Path, connection: sqlite3.Connection) -> None:
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise StorageDamaged(path, verdict.splitlines()[-1])


def _has_room(folder: Path) -> bool:
    """Whether the volume takes more; only a volume that says it is full does not.

    SQLite reports some full disks, and every exhausted quota, as I/O errors.
    """
    probe = folder / f".room-{secrets.token_hex(8)}"
    try:
        with room_needed(probe), opened(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as descriptor:
            write_all(descriptor, bytes(PROBE_BYTES))
            os.fsync(descriptor)
    except StorageFull:
        return False
    except OSError:  # then SQLite's own error is the one to report
        return True
    finally:
        probe.unlink(missing_ok=True)
    return True
