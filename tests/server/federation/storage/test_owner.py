import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mfn_server.federation.storage.errors import OwnedElsewhere
from mfn_server.federation.storage.owner import OwnerLock
from tests.server.federation.storage.programs import start

OWNER = """
import sys
from pathlib import Path
from mfn_server.federation.storage.owner import OwnerLock
lock = OwnerLock(Path(sys.argv[1]), "10.0.0.7:50051")
print("owned", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "owner.lock"


@pytest.fixture
def owner_elsewhere(path: Path) -> Iterator[int]:
    """The id of another process that owns the path."""
    process = start(OWNER, str(path))
    assert process.stdout is not None
    assert process.stdout.readline() == "owned\n"
    yield process.pid
    process.kill()
    process.communicate()


def test_what_another_process_owns_names_its_address(path: Path, owner_elsewhere: int) -> None:
    with pytest.raises(OwnedElsewhere, match=r"10\.0\.0\.7:50051") as refusal:
        OwnerLock(path, "here")
    assert refusal.value.address == "10.0.0.7:50051"


def test_the_lock_of_a_killed_owner_is_free(path: Path) -> None:
    process = start(OWNER, str(path))
    assert process.stdout is not None
    assert process.stdout.readline() == "owned\n"
    process.kill()
    process.communicate()
    lock = OwnerLock(path, "here")
    assert path.read_text() == "here"
    lock.close()


def test_the_same_process_does_not_own_twice(path: Path) -> None:
    lock = OwnerLock(path, "here:1")
    with pytest.raises(OwnedElsewhere, match="here:1"):
        OwnerLock(path, "here:1")
    lock.close()
    lock.close()
    OwnerLock(path, "here:2").close()


def test_a_folder_that_is_gone_has_no_owner(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        OwnerLock(tmp_path / "gone" / "owner.lock", "here")


@pytest.mark.parametrize("made_again", [False, True])
def test_a_lock_file_that_was_moved_away_before_it_was_locked_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made_again: bool
) -> None:
    folder, successor = tmp_path / "federation", tmp_path / "successor"
    for each in (folder, successor):
        each.mkdir()
        (each / "owner.lock").touch()
    open_first = os.open

    def open_then_move(*arguments: object) -> int:
        descriptor = open_first(*arguments)  # type: ignore[arg-type]  # handed through
        folder.rename(tmp_path / "removed")
        if made_again:
            successor.rename(folder)
        return descriptor

    monkeypatch.setattr(os, "open", open_then_move)
    with pytest.raises(FileNotFoundError):
        OwnerLock(folder / "owner.lock", "here")


def test_an_owner_that_has_not_said_its_address_yet_is_not_waited_for_forever(path: Path) -> None:
    lock = OwnerLock(path, "")
    with pytest.raises(OwnedElsewhere, match="an unknown address"):
        OwnerLock(path, "here")
    lock.close()
