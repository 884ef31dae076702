"""What a journal can be asked, in pages that stay small whatever it holds."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from mfn_server.federation.storage import schema
from mfn_server.federation.storage.database import Database
from mfn_server.federation.storage.rows import (
    ModelRow,
    Page,
    ParticipantRow,
    RequestRow,
    RoundRow,
    VerdictFilter,
    VerdictRow,
    WatchRow,
)

PAGE_BYTES = 3 << 20
"""Messages of one page together, so that no answer made of them exceeds 4 MiB."""
FIRST_ROUND_NEVER_REACHED = 2**63 - 1

R = TypeVar("R", ParticipantRow, RoundRow, VerdictRow, WatchRow, ModelRow)


class Records:
    """The readable side of a journal. Methods block: call them on a thread of their own."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, schema.JOURNAL)

    def meta(self, key: str) -> bytes | None:
        """The value kept under a key."""
        found = self._one("SELECT value FROM meta WHERE key = ?", (key,))
        return found and bytes(found[0])

    def participants(self, after: str = "", limit: int = 100) -> Page[ParticipantRow]:
        """Participants by name, from the first one after `after`."""
        query = "SELECT name, uid, public_key, message FROM participants WHERE name > ? ORDER BY name"
        return self._page(ParticipantRow, query, (after,), limit)

    def participant(self, name: str) -> ParticipantRow | None:
        """The participant of this name."""
        found = self._one("SELECT name, uid, public_key, message FROM participants WHERE name = ?", (name,))
        return found and ParticipantRow(*found)

    def participant_with_key(self, public_key: bytes) -> ParticipantRow | None:
        """The participant that is bound to this key."""
        query = "SELECT name, uid, public_key, message FROM participants WHERE public_key = ?"
        found = self._one(query, (public_key,))
        return found and ParticipantRow(*found)

    def rounds(self, before: int | None = None, limit: int = 100) -> Page[RoundRow]:
        """Rounds, newest first, from the first one below `before`."""
        query = "SELECT round, message FROM rounds WHERE round < ? ORDER BY round DESC"
        return self._page(RoundRow, query, (FIRST_ROUND_NEVER_REACHED if before is None else before,), limit)

    def round(self, number: int) -> RoundRow | None:
        """The round of this number."""
        found = self._one("SELECT round, message FROM rounds WHERE round = ?", (number,))
        return found and RoundRow(*found)

    def verdicts(
        self,
        chosen: VerdictFilter | None = None,
        after: tuple[int, str] | None = None,
        limit: int = 100,
    ) -> Page[VerdictRow]:
        """Verdicts, newest round first, then by participant, from the first one behind `after`, a (round, name)."""
        conditions, values = _verdict_conditions(chosen or VerdictFilter(), after)
        order = "ORDER BY round DESC, participant"
        # Conditions are made of constants.
        query = f"SELECT round, participant, kind, message FROM verdicts WHERE {conditions} {order}"  # noqa: S608  # nosec B608
        return self._page(VerdictRow, query, values, limit)

    def watch_after(self, sequence: int, limit: int = 100) -> Page[WatchRow]:
        """Kept events after this one, in order."""
        query = "SELECT sequence, round, message FROM watch WHERE sequence > ? ORDER BY sequence"
        return self._page(WatchRow, query, (sequence,), limit)

    def last_sequence(self) -> int:
        """Sequence of the newest kept event, 0 before the first."""
        (sequence,) = self._one("SELECT coalesce(max(sequence), 0) FROM watch", ())
        return int(sequence)

    def models(self, before: int | None = None, limit: int = 100) -> Page[ModelRow]:
        """Stored model versions, newest first, from the first one below `before`."""
        query = "SELECT version, sha256, size_bytes, message FROM models WHERE version < ? ORDER BY version DESC"
        return self._page(ModelRow, query, (FIRST_ROUND_NEVER_REACHED if before is None else before,), limit)

    def model(self, version: int) -> ModelRow | None:
        """The stored model of this version."""
        query = "SELECT version, sha256, size_bytes, message FROM models WHERE version = ?"
        found = self._one(query, (version,))
        return found and ModelRow(*found)

    def request(self, request_id: str) -> RequestRow | None:
        """The creating request that was answered under this id."""
        query = "SELECT request_id, fingerprint, response, at FROM requests WHERE request_id = ?"
        found = self._one(query, (request_id,))
        return found and RequestRow(*found)

    def close(self) -> None:
        """Close the database; the journal answers nothing afterwards."""
        self._database.close()

    def _one(self, query: str, values: tuple[Any, ...]) -> Any:
        with self._database.reading() as connection:
            return connection.execute(query, values).fetchone()

    def _page(self, row: Callable[..., R], query: str, values: tuple[Any, ...], limit: int) -> Page[R]:
        with self._database.reading() as connection:
            found = connection.execute(f"{query} LIMIT ?", (*values, limit + 1))
            return _bounded((row(*columns) for columns in found), limit)


def _bounded(rows: Iterable[R], limit: int) -> Page[R]:
    """As many rows as the page may hold, one at least."""
    taken: list[R] = []
    size = 0
    for row in rows:
        size += len(row.message)
        if len(taken) == limit or (taken and size > PAGE_BYTES):
            return Page(tuple(taken), more=True)
        taken.append(row)
    return Page(tuple(taken), more=False)


def _verdict_conditions(chosen: VerdictFilter, after: tuple[int, str] | None) -> tuple[str, tuple[Any, ...]]:
    wanted = {"round = ?": chosen.round, "participant = ?": chosen.participant, "kind = ?": chosen.kind}
    given = {text: value for text, value in wanted.items() if value is not None}
    conditions, values = list(given), list[Any](given.values())
    if after is not None:
        conditions.append("round <= ? AND (round < ? OR participant > ?)")
        values += [after[0], after[0], after[1]]
    return " AND ".join(conditions) or "TRUE", tuple(values)
