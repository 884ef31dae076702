import os
from pathlib import Path

import pytest

from mfn_server.federation.storage.errors import DraftClosed, PayloadMissing, SealBroken
from mfn_server.federation.storage.payload_store import DraftFile
from tests.server.federation.storage.payloads import KEYS, OLD_KEYS, claim_of, content, keep, payload, store_in

DATA = payload(200_000)
CLAIM = claim_of(DATA)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_finished_payloads_are_listed_by_key(tmp_path: Path) -> None:
    for keys, key in ((None, "b"), (KEYS, "a_1"), (None, "c-2")):
        keep(store_in(tmp_path, keys), key, DATA)
    assert store_in(tmp_path, KEYS).finished_keys() == ["a_1", "b", "c-2"]


def test_deleting_takes_the_drafts_along_and_nothing_else(tmp_path: Path) -> None:
    store = store_in(tmp_path, None)
    for key in ("a", "a-1", "b"):
        keep(store, key, DATA)
    draft = store.draft("a", CLAIM)
    store.delete("a")
    with pytest.raises(DraftClosed):
        draft.append(b"x")
    assert names(tmp_path) == ["a-1.raw", "b.raw"]
    store.delete("a")


def test_the_sweep_deletes_orphans_and_drafts_that_are_not_wanted(tmp_path: Path) -> None:
    earlier = store_in(tmp_path, None)
    for key in ("kept", "orphan"):
        keep(earlier, key, DATA)
    for key in ("wanted", "unwanted"):
        earlier.draft(key, CLAIM).append(DATA[:10])
    earlier.draft("local")
    earlier.close()
    (tmp_path / "not-ours.txt").touch()
    store = store_in(tmp_path, None)
    live = store.draft("live")
    asked: list[str] = []

    def wanted(draft: DraftFile) -> bool:
        asked.append(draft.key)
        return draft.key == "wanted"

    store.sweep({"kept", "never-was"})
    store.sweep_drafts(wanted)
    live.append(b"still open")
    assert store.finished_keys() == ["kept"]
    assert sorted(asked) == ["unwanted", "wanted"]
    assert store.draft("wanted", CLAIM).size == 10
    assert "not-ours.txt" in names(tmp_path)
    assert len(names(tmp_path)) == 4


def test_the_sweep_tells_the_age_of_a_draft(tmp_path: Path) -> None:
    earlier = store_in(tmp_path, None)
    earlier.draft("a", CLAIM).append(DATA)
    earlier.close()
    os.utime(next(tmp_path.iterdir()), (1000.0, 1000.0))
    store_in(tmp_path, None).sweep_drafts(lambda draft: draft.modified > 999)
    assert len(names(tmp_path)) == 1
    store_in(tmp_path, None).sweep_drafts(lambda draft: draft.modified > 1001)
    assert names(tmp_path) == []


def test_resealing_takes_the_newest_key(tmp_path: Path) -> None:
    keep(store_in(tmp_path, OLD_KEYS), "a", DATA)
    store = store_in(tmp_path, KEYS)
    assert content(store, "a") == DATA
    assert store.reseal("a")
    assert content(store, "a") == DATA
    with pytest.raises(SealBroken, match="'new'"):
        store_in(tmp_path, OLD_KEYS).open("a")
    assert not store.reseal("a")


def test_resealing_seals_what_was_plain(tmp_path: Path) -> None:
    keep(store_in(tmp_path, None), "a", DATA)
    store = store_in(tmp_path, KEYS)
    assert content(store, "a") == DATA
    assert store.reseal("a")
    assert names(tmp_path) == ["a.sealed"]
    assert content(store, "a") == DATA


def test_resealing_that_died_before_it_deleted_the_plain_file_is_ended_by_the_next(tmp_path: Path) -> None:
    store = store_in(tmp_path, KEYS)
    keep(store, "a", DATA)
    (tmp_path / "a.raw").write_bytes(DATA)
    assert not store.reseal("a")
    assert names(tmp_path) == ["a.sealed"]


def test_without_keys_nothing_is_resealed(tmp_path: Path) -> None:
    store = store_in(tmp_path, None)
    keep(store, "a", DATA)
    assert not store.reseal("a")
    assert names(tmp_path) == ["a.raw"]


def test_a_payload_that_is_not_there_cannot_be_opened_or_resealed(tmp_path: Path) -> None:
    store = store_in(tmp_path, KEYS)
    for use in (store.open, store.reseal):
        with pytest.raises(PayloadMissing, match="'none'"):
            use("none")
