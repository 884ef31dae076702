"""A full disk is a clear error, nothing half-written counts, and all goes on once there is room."""

import errno
import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from io import FileIO
from pathlib import Path

import pytest

from mfn_server.federation.storage.errors import StorageFull
from mfn_server.federation.storage.folders import FederationFolders, NewFederation
from mfn_server.federation.storage.journal import Journal
from mfn_server.federation.storage.keys import KeyRing
from mfn_server.federation.storage.rows import Batch, RequestRow
from tests.server.federation.storage.payloads import BOTH, claim_of, content, payload, store_in
from tests.server.federation.storage.programs import run

VOLUME_BYTES = 4 << 20
NEW = NewFederation("one", "uid-one", Batch(meta={"a": b"1"}), RequestRow("request", b"f", b"answer", 0.0))
LIMITED = """
import resource, sys
from pathlib import Path
from mfn_server.federation.storage.errors import StorageFull
from mfn_server.federation.storage.journal import Journal
from mfn_server.federation.storage.rows import Batch

path = Path(sys.argv[1])
Journal.create(path)
journal = Journal(path)
journal.commit(Batch(events=[b"before"]))
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, most))
try:
    journal.commit(Batch(events=[bytes(100_000)] * 5))
except StorageFull as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
journal.commit(Batch(events=[b"after"]))
print(journal.load())
"""


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    """A small volume of its own, in memory."""
    path = tmp_path / "volume"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={VOLUME_BYTES}", "tmpfs", str(path)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount here; run this test on Linux")
    if mounted.returncode:
        pytest.skip(f"may not mount a volume here ({mounted.stderr.strip()}); run this test as root")
    yield path
    subprocess.run(["umount", "--lazy", str(path)], check=True)


def fill(volume: Path) -> Callable[[], None]:
    """Take all room; the result gives it back."""
    path = volume / ".filler"
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            with pytest.raises(OSError, match="No space left"):
                write_on(file, bytes(size))
    return path.unlink


def write_on(file: FileIO, piece: bytes) -> None:
    while True:
        file.write(piece)


def test_a_transaction_without_room_leaves_nothing_and_the_next_one_counts(volume: Path) -> None:
    Journal.create(volume / "journal.db")
    with closing(Journal(volume / "journal.db")) as journal:
        journal.commit(Batch(events=[b"before"]))
        make_room = fill(volume)
        for _ in range(3):
            with pytest.raises(StorageFull, match=r"journal\.db: no room left"):
                journal.commit(Batch(events=[bytes(100_000)]))
        assert journal.load() == (None, [b"before"])
        make_room()
        journal.commit(Batch(events=[b"after"]))
    with closing(Journal(volume / "journal.db")) as journal:
        assert journal.load() == (None, [b"before", b"after"])


@pytest.mark.parametrize("keys", list(BOTH.values()), ids=list(BOTH))
def test_a_draft_goes_on_once_there_is_room(volume: Path, keys: KeyRing | None) -> None:
    data = payload(VOLUME_BYTES // 2)
    claim = claim_of(data)
    store = store_in(volume, keys)
    draft = store.draft("a", claim)
    draft.append(data[:200_000])
    make_room = fill(volume)
    with pytest.raises(StorageFull):
        draft.append(data[200_000:])
    assert store.finished_keys() == []
    make_room()
    again = store.draft("a", claim)
    assert 0 < again.size <= 200_000 + 4096
    again.append(data[again.size :])
    again.finish(claim.sha256)
    assert content(store, "a") == data


def test_a_federation_without_room_is_none_and_can_be_made_later(volume: Path) -> None:
    folders = FederationFolders(volume / "federations", "here")
    folders.create(NewFederation("other", "uid-other", Batch())).close()
    make_room = fill(volume)
    with pytest.raises(StorageFull):
        folders.create(NEW)
    assert folders.names() == ["other"]
    assert [path for path in folders.path.iterdir() if path.name.startswith(".new-")] == []
    make_room()
    assert folders.creation("request") is None
    with closing(folders.create(NEW)) as folder:
        assert folder.journal.meta("a") == b"1"


def test_a_federation_on_a_full_disk_can_be_opened_read_and_deleted(volume: Path) -> None:
    folders = FederationFolders(volume, "here")
    folders.create(NEW).close()
    fill(volume)
    folder = folders.open("one")
    assert folder.journal.meta("a") == b"1"
    folders.delete(folder)
    assert folders.names() == []


def test_a_limit_of_file_sizes_is_a_full_disk_too(tmp_path: Path) -> None:
    program = tmp_path / "limited.py"
    program.write_text(LIMITED)
    ended = run(program, str(tmp_path / "journal.db"))
    said, loaded = ended.stdout.splitlines()
    assert "journal.db: no room left" in said
    assert loaded == str((None, [b"before", b"after"]))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("keys", list(BOTH.values()), ids=list(BOTH))
def test_a_write_that_is_cut_short_by_a_full_disk_is_taken_up_again(
    tmp_path: Path, keys: KeyRing | None, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = payload(300_000)
    claim = claim_of(data)
    store = store_in(tmp_path, keys)
    draft = store.draft("a", claim)
    write, room = os.write, 100_000

    def limited(descriptor: int, part: bytes | memoryview) -> int:
        nonlocal room
        if room == 0:
            raise OSError(code, os.strerror(code))
        written = write(descriptor, memoryview(part)[:room])
        room -= written
        return written

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", limited)
        with pytest.raises(StorageFull):
            draft.append(data)
    again = store.draft("a", claim)
    assert again.size == (100_000 if keys is None else 65_536)
    assert again.digest() == hashlib.sha256(data[: again.size]).digest()
    again.append(data[again.size :])
    again.finish(claim.sha256)
    assert content(store, "a") == data


def test_other_failures_of_the_disk_are_not_called_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = store_in(tmp_path, None).draft("a")

    def fail(descriptor: int, part: bytes) -> int:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "write", fail)
    with pytest.raises(OSError, match="Input/output"):
        draft.append(b"x")
