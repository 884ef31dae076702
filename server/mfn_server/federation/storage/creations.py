"""Which requests created which federation, for all server processes of a state directory.

A request is noted before the federation appears, and marked finished afterwards. One that is noted only, because its
process died between, counts when the federation is there.
"""

from dataclasses import dataclass
from pathlib import Path

from mfn_server.federation.storage import schema
from mfn_server.federation.storage.database import Database
from mfn_server.federation.storage.journal import REQUEST_KEPT_S
from mfn_server.federation.storage.rows import RequestRow


@dataclass(frozen=True)
class Creation:
    """A request and the federation it was to create; finished: whether that is known to have appeared."""

    request: RequestRow
    federation_id: str
    uid: str
    finished: bool


class Creations:
    """The record at path, made when missing: forgetting it at worst answers a repeat with ALREADY_EXISTS.

    Callers hold the lock of all creations.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            Database.create(path, schema.CREATIONS)
        self._database = Database(path, schema.CREATIONS)

    def find(self, request_id: str) -> Creation | None:
        """The creation that the request of this id was noted for."""
        columns = "request_id, fingerprint, response, at, federation_id, uid, finished"
        with self._database.reading() as connection:
            query = f"SELECT {columns} FROM creations WHERE request_id = ?"  # noqa: S608  # nosec B608  # a constant
            found = connection.execute(query, (request_id,)).fetchone()
        return found and Creation(RequestRow(*found[:4]), found[4], found[5], bool(found[6]))

    def note(self, request: RequestRow, federation_id: str, uid: str) -> None:
        """Say that the federation is about to appear."""
        row = (request.request_id, request.fingerprint, request.response, request.at, federation_id, uid)
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM creations WHERE at < ?", (request.at - REQUEST_KEPT_S,))
            connection.execute("INSERT OR REPLACE INTO creations VALUES (?, ?, ?, ?, ?, ?, FALSE)", row)

    def finish(self, uid: str) -> None:
        """Say that the federation has appeared."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE creations SET finished = TRUE WHERE uid = ? AND NOT finished", (uid,))

    def close(self) -> None:
        """Close the record."""
        self._database.close()
