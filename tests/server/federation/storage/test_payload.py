import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_server.federation.storage.errors import SealBroken
from mfn_server.federation.storage.keys import KeyRing
from mfn_server.federation.storage.payload import Payload
from mfn_server.federation.storage.payload_store import PayloadStore
from mfn_server.federation.storage.sealing import MAGIC, OVERHEAD_BYTES, SEGMENT_BYTES
from tests.server.federation.storage.payloads import BOTH, KEYS, OLD_KEYS, content, keep, payload, store_in

DATA = payload(2 * SEGMENT_BYTES + 777)
HEADER_BYTES = len(MAGIC) + 1 + len("new") + 16
WHOLE = SEGMENT_BYTES + OVERHEAD_BYTES


@pytest.fixture(scope="module", params=list(BOTH.values()), ids=list(BOTH))
def stored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Payload:
    store = store_in(tmp_path_factory.mktemp("payloads"), request.param)
    keep(store, "a", DATA)
    return store.open("a")


@pytest.fixture
def store(tmp_path: Path) -> PayloadStore:
    """A folder whose payload "a" is sealed."""
    made = store_in(tmp_path, KEYS)
    keep(made, "a", DATA)
    return made


def alter(path: Path, place: int, flip: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[place] ^= flip
    path.write_bytes(raw)


@given(st.data())
def test_any_range_is_the_same_as_of_the_bytes(stored: Payload, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(DATA)))
    stop = data.draw(st.integers(start, len(DATA)))
    found = stored.read(start, stop)
    assert isinstance(found, memoryview)
    assert found == DATA[start:stop]


@pytest.mark.parametrize(("start", "stop"), [(-1, 1), (2, 1), (0, len(DATA) + 1)])
def test_a_range_outside_is_refused(stored: Payload, start: int, stop: int) -> None:
    with pytest.raises(ValueError, match=f"bytes {start} to {stop} are not inside"):
        stored.read(start, stop)


def test_what_was_read_stays_when_the_payload_is_deleted_and_closed(tmp_path: Path) -> None:
    for name, keys in BOTH.items():
        store = store_in(tmp_path, keys)
        keep(store, name, DATA)
        found = store.open(name)
        view = found.read(5, 5000)
        store.delete(name)
        rest = bytes(found.read(5000, len(DATA)))
        found.close()
        assert bytes(view) + rest == DATA[5:]


@pytest.mark.parametrize("size", [0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 2 * SEGMENT_BYTES])
def test_sealed_payloads_of_every_length_about_a_segment(tmp_path: Path, size: int) -> None:
    store = store_in(tmp_path, KEYS)
    keep(store, "a", payload(size))
    segments = max(1, -(-size // SEGMENT_BYTES))
    assert (tmp_path / "a.sealed").stat().st_size == HEADER_BYTES + size + segments * OVERHEAD_BYTES
    assert store.open("a").size == size
    assert content(store, "a") == payload(size)


def test_nothing_of_a_sealed_payload_stands_in_its_file(tmp_path: Path) -> None:
    secret = b"the weights of a small hospital" * 5000
    store = store_in(tmp_path, KEYS)
    draft = store.draft("a")
    draft.append(secret[:100_000])
    assert not any(secret[:16] in path.read_bytes() for path in tmp_path.iterdir())
    draft.append(secret[100_000:])
    draft.finish(hashlib.sha256(secret).digest())
    assert not any(secret[:16] in path.read_bytes() for path in tmp_path.iterdir())
    assert content(store, "a") == secret


@given(st.data())
def test_any_flipped_bit_is_found(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("sealed")
    store = store_in(folder, KEYS)
    keep(store, "a", DATA)
    path = folder / "a.sealed"
    header, segment = st.integers(0, HEADER_BYTES - 1), st.integers(HEADER_BYTES, path.stat().st_size - 1)
    alter(path, data.draw(header | segment), 1 << data.draw(st.integers(0, 7)))
    with pytest.raises(SealBroken, match=r"a\.sealed: sealed with key '.*':"):
        content(store, "a")


@pytest.mark.parametrize("lost", [1, OVERHEAD_BYTES, 777 + OVERHEAD_BYTES, WHOLE, 2 * WHOLE, HEADER_BYTES + 2 * WHOLE])
def test_a_cut_file_does_not_open(tmp_path: Path, store: PayloadStore, lost: int) -> None:
    path = tmp_path / "a.sealed"
    path.write_bytes(path.read_bytes()[:-lost])
    with pytest.raises(SealBroken, match=r"a\.sealed: sealed with key 'new': .*cut"):
        store.open("a")


def test_an_emptied_file_does_not_open(tmp_path: Path, store: PayloadStore) -> None:
    (tmp_path / "a.sealed").write_bytes(b"")
    with pytest.raises(SealBroken, match="its header is damaged"):
        store.open("a")


def test_swapped_segments_do_not_open(tmp_path: Path, store: PayloadStore) -> None:
    path = tmp_path / "a.sealed"
    raw = path.read_bytes()
    first, second = raw[HEADER_BYTES:][:WHOLE], raw[HEADER_BYTES + WHOLE :][:WHOLE]
    path.write_bytes(raw[:HEADER_BYTES] + second + first + raw[HEADER_BYTES + 2 * WHOLE :])
    with pytest.raises(SealBroken, match="segment 0 was altered, cut or belongs elsewhere"):
        content(store, "a")


def test_a_segment_of_an_older_file_of_the_same_name_does_not_open(tmp_path: Path, store: PayloadStore) -> None:
    path = tmp_path / "a.sealed"
    older = path.read_bytes()
    keep(store, "a", DATA)
    newer = path.read_bytes()
    path.write_bytes(newer[:HEADER_BYTES] + older[HEADER_BYTES:][:WHOLE] + newer[HEADER_BYTES + WHOLE :])
    with pytest.raises(SealBroken, match="segment 0"):
        content(store, "a")


@pytest.mark.parametrize("place", ["another key", "another folder", "another federation"])
def test_a_sealed_file_opens_in_its_own_place_only(tmp_path: Path, store: PayloadStore, place: str) -> None:
    folder = tmp_path / "elsewhere" if place == "another folder" else tmp_path
    folder.mkdir(exist_ok=True)
    key = "b" if place == "another key" else "a"
    (tmp_path / "a.sealed").rename(folder / f"{key}.sealed")
    identity = "other-uid" if place == "another federation" else "federation-uid"
    with pytest.raises(SealBroken, match="belongs elsewhere"):
        PayloadStore(folder, identity, KEYS).open(key)


def test_a_key_that_is_not_here_is_named(store: PayloadStore, tmp_path: Path) -> None:
    for keys in (None, OLD_KEYS):
        with pytest.raises(SealBroken, match=r"a\.sealed: sealed with key 'new': this key is not among those"):
            store_in(tmp_path, keys).open("a")


def test_another_key_of_the_same_id_does_not_open(store: PayloadStore, tmp_path: Path) -> None:
    with pytest.raises(SealBroken, match=r"'new': .*or the key is not the one it was sealed with"):
        store_in(tmp_path, KeyRing({"new": bytes(32)})).open("a")
