from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mfn_server.federation.storage.journal import REQUEST_KEPT_S, Journal
from mfn_server.federation.storage.rows import (
    Batch,
    ModelRow,
    ParticipantRow,
    RequestRow,
    Retention,
    RoundRow,
    VerdictFilter,
    VerdictRow,
    WatchRow,
)

ACCEPTED, REJECTED, MISSING = 1, 2, 6


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "journal.db"
    Journal.create(made)
    return made


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with closing(Journal(path)) as opened:
        yield opened


def participant(name: str, key: bytes = b"k", message: bytes = b"") -> ParticipantRow:
    return ParticipantRow(name, f"uid-{name}", key, message)


def model(version: int) -> ModelRow:
    return ModelRow(version, bytes([version]) * 32, 8, b"model")


def test_a_new_journal_is_empty(journal: Journal) -> None:
    assert journal.load() == (None, [])
    assert (journal.rounds().rows, journal.verdicts().rows, journal.participants().rows) == ((), (), ())
    assert (journal.meta("uid"), journal.round(1), journal.participant("a"), journal.model(0)) == (None,) * 4
    assert journal.last_sequence() == 0


def test_events_come_back_in_their_order(path: Path) -> None:
    with closing(Journal(path)) as journal:
        journal.commit(Batch(events=[b"one", b"two"]))
        journal.commit(Batch(events=[b"three"]), Batch(events=[b"four"]))
    with closing(Journal(path)) as journal:
        assert journal.load() == (None, [b"one", b"two", b"three", b"four"])


def test_a_snapshot_takes_the_place_of_the_events_up_to_it(journal: Journal) -> None:
    journal.commit(Batch(events=[b"one"]))
    journal.commit(Batch(events=[b"two"], snapshot=b"state after two"))
    journal.commit(Batch(events=[b"three"]))
    assert journal.load() == (b"state after two", [b"three"])
    journal.commit(Batch(snapshot=b"state after three"))
    assert journal.load() == (b"state after three", [])


def test_a_batch_counts_wholly_or_not_at_all(journal: Journal) -> None:
    journal.commit(Batch(participants=[participant("a", b"same key")]))
    two_with_one_key = Batch(events=[b"event"], meta={"m": b"1"}, participants=[participant("b", b"same key")])
    with pytest.raises(Exception, match="UNIQUE"):
        journal.commit(Batch(events=[b"before"]), two_with_one_key)
    assert journal.load() == (None, [])
    assert journal.meta("m") is None


def test_rows_of_the_same_identity_are_replaced(journal: Journal) -> None:
    for text in (b"old", b"new"):
        verdicts = [VerdictRow(1, "a", ACCEPTED if text == b"old" else REJECTED, text)]
        journal.commit(
            Batch(
                rounds=[RoundRow(1, text)],
                verdicts=verdicts,
                participants=[participant("a", message=text)],
                models=[ModelRow(0, b"s", 1, text)],
                requests=[RequestRow("r", b"f", text, 1.0)],
                meta={"key": text},
            )
        )
    assert journal.round(1) == RoundRow(1, b"new")
    assert journal.verdicts().rows == (VerdictRow(1, "a", REJECTED, b"new"),)
    assert journal.participant("a") == participant("a", message=b"new")
    assert journal.model(0) == ModelRow(0, b"s", 1, b"new")
    assert journal.request("r") == RequestRow("r", b"f", b"new", 1.0)
    assert journal.meta("key") == b"new"


def test_batches_of_one_transaction_take_effect_in_their_order(journal: Journal) -> None:
    journal.commit(Batch(participants=[participant("a")]), Batch(removed_participants=["a"]))
    assert journal.participant("a") is None
    journal.commit(Batch(removed_participants=["a"], participants=[participant("a")]))
    assert journal.participant("a") == participant("a")


def test_a_participant_is_found_by_its_key(journal: Journal) -> None:
    journal.commit(Batch(participants=[participant("a", b"one"), participant("b", b"two")]))
    assert journal.participant_with_key(b"two") == participant("b", b"two")
    assert journal.participant_with_key(b"three") is None


def test_retention_drops_verdicts_and_events_of_old_rounds_and_keeps_the_rounds(journal: Journal) -> None:
    for number in range(1, 6):
        watch = [WatchRow(10 * number + place, number, b"") for place in range(2)]
        verdicts = [VerdictRow(number, name, ACCEPTED, b"") for name in "ab"]
        journal.commit(Batch(rounds=[RoundRow(number, b"")], verdicts=verdicts, watch=watch))
    journal.trim(Retention(model_versions=1, rounds=2))
    assert [row.round for row in journal.verdicts().rows] == [5, 5, 4, 4]
    assert [row.sequence for row in journal.watch_after(0).rows] == [40, 41, 50, 51]
    assert [row.round for row in journal.rounds().rows] == [5, 4, 3, 2, 1]


def test_without_a_bound_all_rounds_are_kept(journal: Journal) -> None:
    journal.commit(Batch(rounds=[RoundRow(9, b"")], verdicts=[VerdictRow(1, "a", ACCEPTED, b"")]))
    journal.trim(Retention(model_versions=1))
    assert len(journal.verdicts().rows) == 1


def test_the_newest_event_is_kept_so_that_the_sequence_goes_on(journal: Journal) -> None:
    journal.commit(Batch(watch=[WatchRow(1, 0, b""), WatchRow(2, 0, b"")], rounds=[RoundRow(5, b"")]))
    journal.trim(Retention(model_versions=1, rounds=1))
    assert [row.sequence for row in journal.watch_after(0).rows] == [2]
    assert journal.last_sequence() == 2


@pytest.mark.parametrize(
    ("stored", "newest", "also", "kept"),
    [
        (range(10), 3, {4}, [9, 8, 7, 4, 0]),  # the first, the best, and the newest with the current one
        (range(10), 1, set(), [9, 0]),
        ([0], 1, {0}, [0]),
        (range(3), 10, set(), [2, 1, 0]),
        ([], 5, set(), []),
    ],
)
def test_the_first_the_newest_and_the_named_models_are_kept(
    journal: Journal, stored: range, newest: int, also: set[int], kept: list[int]
) -> None:
    journal.commit(Batch(models=[model(version) for version in stored]))
    forgotten = journal.trim(Retention(newest, kept_versions=frozenset(also)))
    assert [row.version for row in journal.models().rows] == kept
    assert sorted({*forgotten, *kept}) == list(stored)
    assert journal.trim(Retention(newest, kept_versions=frozenset(also))) == ()


def test_answers_of_requests_are_kept_for_a_day(journal: Journal) -> None:
    journal.commit(Batch(requests=[RequestRow(name, b"f", b"r", at) for name, at in (("old", 0.0), ("young", 2.0))]))
    journal.sweep_requests(now=REQUEST_KEPT_S)
    assert journal.request("old") is not None
    journal.sweep_requests(now=REQUEST_KEPT_S + 1)
    assert journal.request("old") is None
    assert journal.request("young") == RequestRow("young", b"f", b"r", 2.0)


def test_verdicts_are_found_by_round_participant_and_kind(journal: Journal) -> None:
    rows = [VerdictRow(number, name, ACCEPTED if name == "a" else REJECTED, b"") for number in (1, 2) for name in "ab"]
    journal.commit(Batch(verdicts=rows))
    assert journal.verdicts(VerdictFilter(round=2, kind=REJECTED)).rows == (VerdictRow(2, "b", REJECTED, b""),)
    assert journal.verdicts(VerdictFilter(participant="a", kind=REJECTED)).rows == ()
