"""The journal of one federation: what was decided and acknowledged, durable before anyone hears of it."""

import sqlite3
from pathlib import Path

from mfn_server.federation.storage import schema
from mfn_server.federation.storage.database import Database
from mfn_server.federation.storage.records import Records
from mfn_server.federation.storage.rows import Batch, Retention

REQUEST_KEPT_S = 86_400.0
"""How long the answers of creating requests are kept at least."""


class Journal(Records):
    """The journal in an existing database. Methods block: call them on a thread of their own.

    Raises StorageDamaged, naming the file, UnknownVersion and StorageFull; after the last nothing of the batch counts
    and the journal takes the next one as soon as there is room.
    """

    @staticmethod
    def create(path: Path) -> None:
        """Make an empty journal; durable but for its name."""
        Database.create(path, schema.JOURNAL)

    def load(self) -> tuple[bytes | None, list[bytes]]:
        """The last snapshot and the events after it, in order."""
        with self._database.reading() as connection:
            state = connection.execute("SELECT state FROM snapshot").fetchone()
            events = [event for (event,) in connection.execute("SELECT event FROM events ORDER BY sequence")]
        return (None if state is None else state[0]), events

    def commit(self, *batches: Batch) -> None:
        """Write batches, one after the other, in one transaction; they are durable on return."""
        with self._database.transaction() as connection:
            for batch in batches:
                _write_events(connection, batch)
                _write_records(connection, batch)
                _write_participants(connection, batch)

    def trim(self, retention: Retention) -> tuple[int, ...]:
        """Forget what retention does not keep; the model versions forgotten, whose files may go now."""
        with self._database.transaction() as connection:
            if retention.rounds is not None:
                _trim_rounds(connection, retention.rounds)
            return _trim_models(connection, retention)

    def sweep_requests(self, now: float) -> None:
        """Forget requests answered more than a day before now, a Unix time in s."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM requests WHERE at < ?", (now - REQUEST_KEPT_S,))


def _write_events(connection: sqlite3.Connection, batch: Batch) -> None:
    connection.executemany("INSERT INTO events(event) VALUES (?)", ((event,) for event in batch.events))
    if batch.snapshot is not None:
        connection.execute("DELETE FROM events")
        connection.execute("INSERT OR REPLACE INTO snapshot VALUES (1, ?)", (batch.snapshot,))


def _write_records(connection: sqlite3.Connection, batch: Batch) -> None:
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", batch.meta.items())
    connection.executemany(
        "INSERT OR REPLACE INTO rounds VALUES (?, ?)", ((row.round, row.message) for row in batch.rounds)
    )
    connection.executemany(
        "INSERT INTO verdicts VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET kind = excluded.kind, message = excluded.message",
        ((row.round, row.participant, row.kind, row.message) for row in batch.verdicts),
    )
    connection.executemany(
        "INSERT INTO watch VALUES (?, ?, ?)", ((row.sequence, row.round, row.message) for row in batch.watch)
    )
    connection.executemany(
        "INSERT OR REPLACE INTO models VALUES (?, ?, ?, ?)",
        ((row.version, row.sha256, row.size_bytes, row.message) for row in batch.models),
    )
    connection.executemany(
        "INSERT OR REPLACE INTO requests VALUES (?, ?, ?, ?)",
        ((row.request_id, row.fingerprint, row.response, row.at) for row in batch.requests),
    )


def _write_participants(connection: sqlite3.Connection, batch: Batch) -> None:
    connection.executemany("DELETE FROM participants WHERE name = ?", ((name,) for name in batch.removed_participants))
    connection.executemany(
        "INSERT INTO participants VALUES (?, ?, ?, ?) ON CONFLICT(name) DO UPDATE "
        "SET uid = excluded.uid, public_key = excluded.public_key, message = excluded.message",
        ((row.name, row.uid, row.public_key, row.message) for row in batch.participants),
    )


def _trim_rounds(connection: sqlite3.Connection, kept: int) -> None:
    """Drop the verdicts and events of all but the newest rounds; the newest event stays, for it holds the sequence."""
    (newest,) = connection.execute("SELECT coalesce(max(round), 0) FROM rounds").fetchone()
    connection.execute("DELETE FROM verdicts WHERE round <= ?", (newest - kept,))
    connection.execute(
        "DELETE FROM watch WHERE round <= ? AND sequence < (SELECT max(sequence) FROM watch)", (newest - kept,)
    )


def _trim_models(connection: sqlite3.Connection, retention: Retention) -> tuple[int, ...]:
    versions = [version for (version,) in connection.execute("SELECT version FROM models ORDER BY version")]
    newest = versions[-max(1, retention.model_versions) :]
    kept = {*versions[:1], *newest, *retention.kept_versions}
    forgotten = tuple(version for version in versions if version not in kept)
    connection.executemany("DELETE FROM models WHERE version = ?", ((version,) for version in forgotten))
    return forgotten
