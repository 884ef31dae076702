import hashlib
import os
import stat
import threading
from pathlib import Path

import pytest

from mfn_server.federation.storage.draft import Claim
from mfn_server.federation.storage.errors import DigestMismatch, DraftClosed, PayloadMissing
from mfn_server.federation.storage.keys import KeyRing
from mfn_server.federation.storage.payload_store import PayloadStore
from mfn_server.federation.storage.sealing import SEGMENT_BYTES
from tests.server.federation.storage.payloads import BOTH, OLD_KEYS, claim_of, content, payload, pieces, store_in

DATA = payload(3 * SEGMENT_BYTES + 1000)
CLAIM = claim_of(DATA)


@pytest.fixture(params=list(BOTH.values()), ids=list(BOTH))
def keys(request: pytest.FixtureRequest) -> KeyRing | None:
    ring: KeyRing | None = request.param
    return ring


@pytest.fixture
def store(tmp_path: Path, keys: KeyRing | None) -> PayloadStore:
    return store_in(tmp_path, keys)


def test_a_payload_in_pieces_comes_back_whole(store: PayloadStore) -> None:
    draft = store.draft("a", CLAIM)
    for piece in pieces(DATA, 10_001):
        draft.append(piece)
    assert draft.size == len(DATA)
    assert draft.digest() == CLAIM.sha256
    draft.finish(CLAIM.sha256)
    assert content(store, "a") == DATA


def test_an_empty_payload_is_one(store: PayloadStore) -> None:
    draft = store.draft("a")
    draft.finish(hashlib.sha256().digest())
    assert content(store, "a") == b""


def test_a_draft_is_no_payload(store: PayloadStore) -> None:
    store.draft("a", CLAIM).append(DATA)
    with pytest.raises(PayloadMissing, match="'a'"):
        store.open("a")
    assert store.finished_keys() == []


def test_another_draft_of_the_same_claim_goes_on_where_it_stopped(tmp_path: Path, keys: KeyRing | None) -> None:
    half = 2 * SEGMENT_BYTES + 100
    first = store_in(tmp_path, keys).draft("a", CLAIM)
    first.append(DATA[:half])
    first.close()
    again = store_in(tmp_path, keys)
    draft = again.draft("a", CLAIM)
    assert draft.size == (half if keys is None else 2 * SEGMENT_BYTES)  # sealed segments are whole, or not there
    assert draft.digest() == hashlib.sha256(DATA[: draft.size]).digest()
    draft.append(DATA[draft.size :])
    draft.finish(CLAIM.sha256)
    assert content(again, "a") == DATA


def test_another_claim_of_the_same_key_starts_anew(tmp_path: Path, store: PayloadStore) -> None:
    for other in (Claim(CLAIM.sha256, len(DATA) + 1), Claim(bytes(32), len(DATA))):
        store.draft("a", CLAIM).append(DATA)
        assert store.draft("a", other).size == 0
        assert len(list(tmp_path.iterdir())) == 1
    assert store.draft("a", CLAIM).size == 0


def test_a_draft_without_a_claim_starts_anew(store: PayloadStore) -> None:
    store.draft("a").append(DATA)
    assert store.draft("a").size == 0


def test_a_payload_with_another_digest_is_deleted(tmp_path: Path, store: PayloadStore) -> None:
    draft = store.draft("a", CLAIM)
    draft.append(DATA[:-1] + b"?")
    with pytest.raises(DigestMismatch, match=CLAIM.sha256.hex()):
        draft.finish(CLAIM.sha256)
    assert list(tmp_path.iterdir()) == []
    assert store.draft("a", CLAIM).size == 0


def test_a_newer_draft_ends_the_older_one(store: PayloadStore) -> None:
    older = store.draft("a", CLAIM)
    older.append(DATA[:SEGMENT_BYTES])
    newer = store.draft("a", CLAIM)
    with pytest.raises(DraftClosed):
        older.append(DATA[SEGMENT_BYTES:])
    with pytest.raises(DraftClosed):
        older.finish(CLAIM.sha256)
    newer.append(DATA[newer.size :])
    newer.finish(CLAIM.sha256)
    assert content(store, "a") == DATA


def test_drafts_of_one_key_begun_at_the_same_time_leave_one_alive(store: PayloadStore) -> None:
    drafts = []
    threads = [threading.Thread(target=lambda: drafts.append(store.draft("a", CLAIM))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [draft.closed for draft in drafts].count(False) == 1


def test_a_finished_draft_takes_no_more(store: PayloadStore) -> None:
    draft = store.draft("a", CLAIM)
    draft.append(DATA)
    draft.finish(CLAIM.sha256)
    for use in (lambda: draft.append(b"x"), draft.sync, lambda: draft.finish(CLAIM.sha256)):
        with pytest.raises(DraftClosed):
            use()
    draft.close()
    assert content(store, "a") == DATA


def test_a_discarded_draft_leaves_nothing(tmp_path: Path, store: PayloadStore) -> None:
    draft = store.draft("a", CLAIM)
    draft.append(DATA)
    draft.discard()
    assert list(tmp_path.iterdir()) == []


def test_discarding_a_superseded_draft_does_not_touch_its_successor(store: PayloadStore) -> None:
    older = store.draft("a", CLAIM)
    newer = store.draft("a", CLAIM)
    older.discard()
    newer.append(DATA)
    newer.finish(CLAIM.sha256)
    newer.discard()
    assert content(store, "a") == DATA


def test_sync_tells_from_where_another_draft_would_go_on(tmp_path: Path, keys: KeyRing | None) -> None:
    draft = store_in(tmp_path, keys).draft("a", CLAIM)
    draft.append(DATA[: SEGMENT_BYTES + 1])
    durable = draft.sync()
    draft.close()
    assert store_in(tmp_path, keys).draft("a", CLAIM).size == durable


def test_a_buffer_may_be_used_again_as_soon_as_it_was_appended(store: PayloadStore) -> None:
    draft = store.draft("a", CLAIM)
    buffer = bytearray(1000)
    for piece in pieces(DATA, len(buffer)):
        buffer[: len(piece)] = piece
        draft.append(memoryview(buffer)[: len(piece)])
    draft.finish(CLAIM.sha256)
    assert bytes(store.open("a").read(0, len(DATA))) == DATA


def test_the_file_is_synced_before_it_gets_its_name_and_the_folder_after(
    tmp_path: Path, store: PayloadStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    sync, replace = os.fsync, Path.replace

    def noted_sync(descriptor: int) -> None:
        done.append("sync folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "sync file")
        sync(descriptor)

    def noted_replace(path: Path, target: Path) -> Path:
        done.append(f"rename {path.suffix} to {target.suffix}")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    draft = store.draft("a", CLAIM)
    draft.append(DATA)
    draft.finish(CLAIM.sha256)
    kind = next(tmp_path.iterdir()).suffix
    assert done == ["sync file", f"rename {kind}-draft to {kind}", "sync folder"]


def test_what_a_failed_sync_leaves_is_not_trusted(
    tmp_path: Path, store: PayloadStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    draft = store.draft("a", CLAIM)
    draft.append(DATA)
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        draft.finish(CLAIM.sha256)
    assert list(tmp_path.iterdir()) == []
    assert store.draft("a", CLAIM).size == 0


def test_a_sealed_draft_of_an_older_key_starts_anew(tmp_path: Path) -> None:
    store_in(tmp_path, OLD_KEYS).draft("a", CLAIM).append(DATA)
    assert store_in(tmp_path, BOTH["sealed"]).draft("a", CLAIM).size == 0


@pytest.mark.parametrize("lost", [0, 5, 40, 100])
def test_a_sealed_draft_whose_header_did_not_reach_the_disk_starts_anew(tmp_path: Path, lost: int) -> None:
    store_in(tmp_path, BOTH["sealed"]).draft("a", CLAIM).close()
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:lost])
    store = store_in(tmp_path, BOTH["sealed"])
    draft = store.draft("a", CLAIM)
    draft.append(DATA)
    draft.finish(CLAIM.sha256)
    assert content(store, "a") == DATA


def test_a_sealed_draft_goes_on_before_a_segment_that_did_not_reach_the_disk(tmp_path: Path) -> None:
    store_in(tmp_path, BOTH["sealed"]).draft("a", CLAIM).append(DATA)
    (file,) = tmp_path.iterdir()
    raw = bytearray(file.read_bytes())
    raw[2 * SEGMENT_BYTES :] = bytes(len(raw) - 2 * SEGMENT_BYTES)
    file.write_bytes(raw)
    assert store_in(tmp_path, BOTH["sealed"]).draft("a", CLAIM).size == SEGMENT_BYTES


@pytest.mark.parametrize("key", ["", ".", "../a", "a/b", "a.raw", "-a", "a" * 129, "é"])
def test_a_key_cannot_leave_its_folder(store: PayloadStore, key: str) -> None:
    for use in (store.draft, store.delete, store.open):
        with pytest.raises(ValueError, match="is no key of a payload"):
            use(key)
