import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from mfn_server.federation.storage import schema
from mfn_server.federation.storage.database import Database
from mfn_server.federation.storage.errors import StorageDamaged, StorageFull, UnknownVersion

SMALL = replace(schema.JOURNAL, statements="CREATE TABLE facts(fact TEXT NOT NULL) STRICT;")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "facts.db"
    Database.create(made, SMALL)
    return made


def facts(database: Database) -> list[str]:
    with database.reading() as connection:
        return [fact for (fact,) in connection.execute("SELECT fact FROM facts ORDER BY rowid")]


def add(database: Database, *new: str | None) -> None:
    with database.transaction() as connection:
        connection.executemany("INSERT INTO facts VALUES (?)", ((fact,) for fact in new))


def test_what_was_committed_is_there_when_opened_again(path: Path) -> None:
    with closing(Database(path, SMALL)) as database:
        add(database, "one", "two")
    with closing(Database(path, SMALL)) as database:
        assert facts(database) == ["one", "two"]


def test_a_transaction_that_fails_leaves_nothing(path: Path) -> None:
    with closing(Database(path, SMALL)) as database:
        with pytest.raises(sqlite3.IntegrityError, match="NOT NULL"):
            add(database, "half", None)
        add(database, "whole")
        assert facts(database) == ["whole"]


def test_commits_are_synced_and_tables_strict(path: Path) -> None:
    with closing(Database(path, SMALL)) as database:
        with database.reading() as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        with pytest.raises(sqlite3.IntegrityError), database.transaction() as connection:
            connection.execute("INSERT INTO facts VALUES (x'00')")


def test_nothing_but_the_database_and_its_log_is_needed(path: Path) -> None:
    with closing(Database(path, SMALL)) as database:
        add(database, "one")
        assert sorted(file.name for file in path.parent.iterdir()) == ["facts.db", "facts.db-wal"]


def test_a_missing_database_is_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(StorageDamaged, match=r"none\.db: damaged: the file is missing"):
        Database(tmp_path / "none.db", SMALL)
    assert list(tmp_path.iterdir()) == []


def test_an_emptied_database_is_refused(path: Path) -> None:
    path.write_bytes(b"")
    with pytest.raises(StorageDamaged, match=r"facts\.db: damaged: it is no database of this software"):
        Database(path, SMALL)


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"no database at all" * 1000)
    with pytest.raises(StorageDamaged, match=r"facts\.db: damaged: file is not a database"):
        Database(path, SMALL)
    assert path.read_bytes() == b"no database at all" * 1000


def test_damaged_pages_are_found_when_it_is_opened(path: Path) -> None:
    with closing(Database(path, SMALL)) as database:
        add(database, *(f"{number}" * 400 for number in range(100)))
    damaged = bytearray(path.read_bytes())
    damaged[3 * 4096 : 3 * 4096 + 64] = bytes(64)
    path.write_bytes(damaged)
    with pytest.raises(StorageDamaged, match=r"facts\.db: damaged: .*restore it from a copy"):
        Database(path, SMALL)
    assert path.read_bytes() == damaged


def test_a_cut_database_is_refused(path: Path) -> None:
    with closing(Database(path, SMALL)) as database:
        add(database, *(f"{number}" * 400 for number in range(100)))
    path.write_bytes(path.read_bytes()[: 5 * 4096])
    with pytest.raises(StorageDamaged, match=r"facts\.db"):
        Database(path, SMALL)


def test_another_version_is_refused_by_its_number(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 7")
    with pytest.raises(UnknownVersion, match=r"facts\.db: has version 7, this software reads version 1"):
        Database(path, SMALL)


def test_a_database_of_other_software_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE facts(fact TEXT)")
    with pytest.raises(StorageDamaged, match="no database of this software"):
        Database(path, SMALL)


def test_a_database_that_may_not_grow_is_full_and_works_once_it_may(path: Path) -> None:
    with closing(Database(path, SMALL)) as database:
        add(database, "before")
        with database.reading() as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StorageFull, match=r"facts\.db: no room left"):
            add(database, *["much" * 1000] * 10)
        assert facts(database) == ["before"]
        with database.reading() as connection:
            connection.execute(f"PRAGMA max_page_count = {pages + 100}")
        add(database, "after")
        assert facts(database) == ["before", "after"]
