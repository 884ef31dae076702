"""The keys file: complete or untouched, its owner's alone, and changed by one process at a time."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mfn_server.access.key_file import change, read
from mfn_server.access.key_records import InvalidKeys, KeyRecord, parse
from mfn_server.access.managing import create
from tests.server.access.calls import Recorded

RECORD = (
    '{"id": "0123456789ab", "principal": "ann", "scopes": ["read"], "digest": "' + "0" * 64 + '",'
    ' "created": "2026-01-01T00:00:00Z"}'
)


def test_those_who_add_keys_at_the_same_time_lose_none(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"

    def make(number: int) -> None:  # each call opens and locks the lock file anew, as another process would
        create(file, b"p" * 32, f"ann-{number}", ["read"], None, Recorded())

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(make, range(24)))
    assert {record.principal for record in read(file)} == {f"ann-{number}" for number in range(24)}


def test_the_file_is_its_owners_alone_and_nothing_but_the_lock_stays_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(b'{"version": 1, "keys": []}')
    file.chmod(0o644)
    create(file, b"p" * 32, "ann", ["read"], None, Recorded())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {each.name for each in tmp_path.iterdir()} == {"keys.json", "keys.json.lock"}


def test_a_change_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "keys.json"
    create(file, b"p" * 32, "ann", ["read"], None, Recorded())
    before = file.read_bytes()

    def full(path: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        change(file, lambda _: ())
    assert file.read_bytes() == before
    assert {each.name for each in tmp_path.iterdir()} == {"keys.json", "keys.json.lock"}


def test_the_file_behind_a_link_is_changed_and_the_link_stays(tmp_path: Path) -> None:
    link, file = tmp_path / "link", tmp_path / "keys.json"
    link.symlink_to(file)
    create(link, b"p" * 32, "ann", ["read"], None, Recorded())
    assert link.is_symlink()
    assert [record.principal for record in read(file)] == ["ann"]


def test_all_faults_are_named_by_their_places_and_no_content_is_repeated() -> None:
    bad = RECORD.replace("read", "fly").replace('"ann"', '"cert:ann"').replace("0" * 64, "swordfish")
    with pytest.raises(InvalidKeys) as caught:
        parse(f'{{"version": 1, "keys": [{bad}]}}'.encode())
    text = str(caught.value)
    assert all(f"keys.0.{field}" in text for field in ("principal", "scopes.0", "digest"))
    assert "swordfish" not in text


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"version": 2, "keys": []}',
        '{"version": 1}',
        '{"version": 1, "keys": [], "more": 1}',
        f'{{"version": 1, "keys": [{RECORD}, {RECORD}]}}',
        '{"version": 1, "keys": [' + RECORD.replace("Z", "") + "]}",
    ],
)
def test_what_is_no_keys_file_is_refused(content: str) -> None:
    with pytest.raises(InvalidKeys):
        parse(content.encode())


def test_a_record_without_end_is_written_without_one() -> None:
    (record,) = parse(f'{{"version": 1, "keys": [{RECORD}]}}'.encode())
    assert isinstance(record, KeyRecord)
    assert (record.expires, record.revoked) == (None, None)
