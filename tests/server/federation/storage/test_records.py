from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from mfn_server.federation.storage.journal import Journal
from mfn_server.federation.storage.records import PAGE_BYTES
from mfn_server.federation.storage.rows import (
    Batch,
    ModelRow,
    Page,
    ParticipantRow,
    RoundRow,
    VerdictFilter,
    VerdictRow,
    WatchRow,
)

T = TypeVar("T")
few = settings(max_examples=40)  # each example makes a database, and waits for the disk
names = st.text("ab-1é", min_size=1, max_size=3)
numbers = st.integers(1, 6)
limits = st.integers(1, 7)
messages = st.binary(max_size=4)
verdicts = st.builds(VerdictRow, numbers, names, st.integers(1, 3), messages)
filters = st.builds(VerdictFilter, st.none() | numbers, st.none() | names, st.none() | st.integers(1, 3))


@contextmanager
def journal_of(batch: Batch) -> Iterator[Journal]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        Journal.create(path)
        with closing(Journal(path)) as journal:
            journal.commit(batch)
            yield journal


def walk(page: Callable[[T | None], Page[T]]) -> list[T]:
    """All rows of a listing, page by page."""
    rows: list[T] = []
    while True:
        found = page(rows[-1] if rows else None)
        rows += found.rows
        if not found.more:
            return rows
        assert found.rows, "a page that is not the last must bring something"


@few
@given(st.sets(names), limits)
def test_pages_of_participants_are_the_sorted_list(chosen: set[str], limit: int) -> None:
    rows = [ParticipantRow(name, "uid", name.encode(), b"m") for name in chosen]
    with journal_of(Batch(participants=rows)) as journal:
        found = walk(lambda last: journal.participants(last.name if last else "", limit))
    assert found == sorted(rows, key=lambda row: row.name.encode())


@few
@given(st.sets(numbers), limits)
def test_pages_of_rounds_and_models_are_the_list_from_its_end(chosen: set[int], limit: int) -> None:
    rounds = [RoundRow(number, b"m") for number in chosen]
    models = [ModelRow(number, b"s", 1, b"m") for number in chosen]
    with journal_of(Batch(rounds=rounds, models=models)) as journal:
        found_rounds = walk(lambda last: journal.rounds(last.round if last else None, limit))
        found_models = walk(lambda last: journal.models(last.version if last else None, limit))
    assert [row.round for row in found_rounds] == sorted(chosen, reverse=True)
    assert [row.version for row in found_models] == sorted(chosen, reverse=True)


@few
@given(st.lists(verdicts, max_size=25), filters, limits)
def test_pages_of_verdicts_are_the_filtered_list(rows: list[VerdictRow], chosen: VerdictFilter, limit: int) -> None:
    def admitted(row: VerdictRow) -> bool:
        wanted = ((chosen.round, row.round), (chosen.participant, row.participant), (chosen.kind, row.kind))
        return all(value in {None, has} for value, has in wanted)

    last_of_each = {(row.round, row.participant): row for row in rows}
    expected = sorted(filter(admitted, last_of_each.values()), key=lambda row: (-row.round, row.participant.encode()))
    with journal_of(Batch(verdicts=rows)) as journal:
        found = walk(lambda last: journal.verdicts(chosen, (last.round, last.participant) if last else None, limit))
    assert found == expected


@few
@given(st.sets(st.integers(1, 30)), st.integers(0, 31), limits)
def test_batches_of_events_follow_the_sequence(chosen: set[int], after: int, limit: int) -> None:
    rows = [WatchRow(sequence, 0, b"m") for sequence in chosen]
    with journal_of(Batch(watch=rows)) as journal:
        found = walk(lambda last: journal.watch_after(last.sequence if last else after, limit))
        assert journal.last_sequence() == max(chosen, default=0)
    assert [row.sequence for row in found] == sorted(sequence for sequence in chosen if sequence > after)


def test_a_page_holds_no_more_bytes_than_an_answer_may() -> None:
    half = PAGE_BYTES // 2
    rows = [RoundRow(number, bytes(size)) for number, size in ((4, half), (3, half), (2, 1), (1, PAGE_BYTES + 1))]
    with journal_of(Batch(rounds=rows)) as journal:
        first, second, third = (journal.rounds(before) for before in (None, 3, 2))
    assert ([row.round for row in first.rows], first.more) == ([4, 3], True)
    assert ([row.round for row in second.rows], second.more) == ([2], True)
    assert ([row.round for row in third.rows], third.more) == ([1], False)  # one row is sent whatever its size
