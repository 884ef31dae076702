"""Checkpoints save work and never cost any: what cannot be read or written is as good as absent."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.reaction_diffusion import Checkpoint
from mfn_server.simulation.checkpoints import KEY_BYTES, CheckpointStore

SPEC = b"s" * 32
RUN = bytes(16)
STATE = np.arange(2 * 4 * 5, dtype=np.float64).reshape(2, 4, 5) / 7
CHECKPOINT = Checkpoint(step=41, state=STATE, growth_events=3)
GENEROUS = 10**9


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    return CheckpointStore(tmp_path / "store", quota_bytes=GENEROUS, ttl_s=60)


def files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def the_file(directory: Path) -> Path:
    (path,) = files(directory)
    return path


def same(found: Checkpoint | None, expected: Checkpoint = CHECKPOINT) -> bool:
    return (
        found is not None
        and (found.step, found.growth_events) == (expected.step, expected.growth_events)
        and found.state.dtype == expected.state.dtype
        and found.state.shape == expected.state.shape
        and found.state.tobytes() == expected.state.tobytes()
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_checkpoint_comes_back_bit_for_bit(store: CheckpointStore, dtype: Any) -> None:
    padded = np.zeros((2, 6, 7), dtype)
    padded[:, 1:-1, 1:-1] = STATE
    checkpoint = Checkpoint(step=10**12, state=padded[:, 1:-1, 1:-1], growth_events=7)
    assert store.save("alice", RUN, SPEC, checkpoint)
    assert same(store.load("alice", RUN, SPEC), checkpoint)


RECORD = np.array([41.0, 0.1 + 0.2, -0.0, np.nextafter(1.0, 2.0)])
WATCHED = Checkpoint(step=41, state=STATE, growth_events=3, history=RECORD)


def test_the_history_of_the_watched_species_comes_back_bit_for_bit(store: CheckpointStore) -> None:
    assert store.save("alice", RUN, SPEC, WATCHED, 1)
    found = store.load("alice", RUN, SPEC, 1)
    assert same(found)
    assert found is not None
    assert found.history is not None
    assert (found.history.dtype, found.history.tobytes()) == (RECORD.dtype, RECORD.tobytes())


def test_who_watches_nothing_gets_the_state_without_a_history(store: CheckpointStore) -> None:
    assert store.save("alice", RUN, SPEC, WATCHED, 1)
    found = store.load("alice", RUN, SPEC)
    assert same(found)
    assert found is not None
    assert found.history is None


@pytest.mark.parametrize("watched", [0, 2])
def test_who_watches_a_species_gets_no_checkpoint_without_its_history(store: CheckpointStore, watched: int) -> None:
    assert store.save("alice", RUN, SPEC, WATCHED, 1)
    assert store.load("alice", RUN, SPEC, watched) is None
    assert store.save("alice", RUN, SPEC, CHECKPOINT)
    assert store.load("alice", RUN, SPEC, watched) is None


def test_a_later_checkpoint_of_a_run_replaces_the_earlier(store: CheckpointStore, tmp_path: Path) -> None:
    later = Checkpoint(step=50, state=STATE + 1, growth_events=4)
    assert store.save("alice", RUN, SPEC, CHECKPOINT)
    assert store.save("alice", RUN, SPEC, later)
    assert same(store.load("alice", RUN, SPEC), later)
    assert len(files(tmp_path)) == 1


def test_another_spec_principal_or_run_has_no_checkpoint_here(store: CheckpointStore) -> None:
    assert store.save("alice", RUN, SPEC, CHECKPOINT)
    assert store.load("alice", RUN, b"S" + SPEC[1:]) is None
    assert store.load("bob", RUN, SPEC) is None
    assert store.load("alice", b"1" * 16, SPEC) is None


def test_a_forgotten_run_leaves_no_file_and_forgetting_twice_is_nothing(store: CheckpointStore, tmp_path: Path) -> None:
    store.save("alice", RUN, SPEC, CHECKPOINT)
    store.delete("alice", RUN)
    store.delete("alice", RUN)
    assert files(tmp_path) == []


def test_two_servers_that_share_the_directory_see_the_same_checkpoints(store: CheckpointStore, tmp_path: Path) -> None:
    other = CheckpointStore(tmp_path / "store", quota_bytes=GENEROUS, ttl_s=60)
    store.save("alice", RUN, SPEC, CHECKPOINT)
    assert same(other.load("alice", RUN, SPEC))
    other.delete("alice", RUN)
    assert store.load("alice", RUN, SPEC) is None


def test_principals_cannot_escape_their_folder_by_their_name(store: CheckpointStore, tmp_path: Path) -> None:
    for name in ("../../evil", "/etc/evil", "a/b", "\0", "x" * 5000):
        assert store.save(name, RUN, SPEC, CHECKPOINT)
        assert same(store.load(name, RUN, SPEC))
    assert {path.parent.parent for path in files(tmp_path)} == {tmp_path / "store"}


def age(path: Path, seconds: float) -> None:
    """Make a file look older."""
    stamp = path.stat().st_mtime - seconds
    os.utime(path, (stamp, stamp))


def saved(store: CheckpointStore, directory: Path, *runs: int) -> None:
    """Save runs, the first of them the oldest."""
    for position, run in enumerate(runs):
        before = set(files(directory))
        assert store.save("alice", bytes([run] * 16), SPEC, CHECKPOINT)
        (path,) = set(files(directory)) - before
        age(path, 30 - position)


def test_a_principals_oldest_runs_give_way_to_newer_ones(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path, quota_bytes=GENEROUS, ttl_s=60)
    saved(store, tmp_path, 1)
    size = the_file(tmp_path).stat().st_size
    store = CheckpointStore(tmp_path, quota_bytes=3 * size, ttl_s=60)
    saved(store, tmp_path, 2, 3)
    store.save("alice", bytes([4] * 16), SPEC, CHECKPOINT)
    kept = [run for run in (1, 2, 3, 4) if store.load("alice", bytes([run] * 16), SPEC) is not None]
    assert kept == [2, 3, 4]


def test_one_principals_quota_does_not_touch_another(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path, quota_bytes=STATE.nbytes, ttl_s=60)
    assert store.save("alice", RUN, SPEC, CHECKPOINT)
    assert store.save("bob", RUN, SPEC, CHECKPOINT)
    assert same(store.load("alice", RUN, SPEC))


def test_a_state_larger_than_the_quota_is_not_kept(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path, quota_bytes=STATE.nbytes - 1, ttl_s=60)
    assert not store.save("alice", RUN, SPEC, CHECKPOINT)
    assert files(tmp_path) == []


def test_the_newest_checkpoint_stays_even_when_older_files_carry_later_times(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path, quota_bytes=STATE.nbytes, ttl_s=60)
    store.save("alice", bytes([1] * 16), SPEC, CHECKPOINT)
    age(the_file(tmp_path), -1000)
    store.save("alice", bytes([2] * 16), SPEC, CHECKPOINT)
    assert same(store.load("alice", bytes([2] * 16), SPEC))
    assert store.load("alice", bytes([1] * 16), SPEC) is None


def test_the_sweep_deletes_what_is_too_old_and_half_written_files_with_it(
    store: CheckpointStore, tmp_path: Path
) -> None:
    store.save("alice", RUN, SPEC, CHECKPOINT)
    store.save("bob", RUN, SPEC, CHECKPOINT)
    old, kept = files(tmp_path)
    draft = old.with_suffix(".0a1b.tmp")
    draft.write_bytes(b"half")
    age(old, 61)
    age(draft, 61)
    store.sweep()
    assert files(tmp_path) == [kept]


def test_the_sweep_spares_the_token_key(store: CheckpointStore, tmp_path: Path) -> None:
    key = store.shared_key()
    age(the_file(tmp_path), 10**6)
    store.sweep()
    assert store.shared_key() == key


def damaged_at(path: Path, patterns: tuple[int, ...]) -> Iterator[int]:
    """The file with one byte changed, for every byte and pattern; whole again at the end."""
    whole = path.read_bytes()
    for position in range(len(whole)):
        for pattern in patterns:
            path.write_bytes(whole[:position] + bytes([whole[position] ^ pattern]) + whole[position + 1 :])
            yield position
    path.write_bytes(whole)


def test_a_checkpoint_with_any_one_byte_changed_gives_nothing_or_the_truth(
    store: CheckpointStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(100)
    store.save("alice", RUN, SPEC, CHECKPOINT)
    for position in damaged_at(the_file(tmp_path), (0x01, 0x08, 0xFF)):
        found = store.load("alice", RUN, SPEC)
        assert found is None or same(found), f"byte {position}"
    assert same(store.load("alice", RUN, SPEC))


def test_a_checkpoint_cut_short_anywhere_gives_nothing(
    store: CheckpointStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(100)
    store.save("alice", RUN, SPEC, CHECKPOINT)
    path = the_file(tmp_path)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert store.load("alice", RUN, SPEC) is None, f"{length} bytes"


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x93NUMPY\x01\x00", b"PK\x05\x06" + bytes(18), b"\x80\x04."])
def test_a_file_that_is_no_checkpoint_gives_nothing_and_is_logged(
    store: CheckpointStore, tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    store.save("alice", RUN, SPEC, CHECKPOINT)
    the_file(tmp_path).write_bytes(content)
    assert store.load("alice", RUN, SPEC) is None
    assert "could not be read" in caplog.text


def test_an_array_in_place_of_the_checkpoint_gives_nothing(store: CheckpointStore, tmp_path: Path) -> None:
    store.save("alice", RUN, SPEC, CHECKPOINT)
    with the_file(tmp_path).open("wb") as file:
        np.save(file, STATE)
    assert store.load("alice", RUN, SPEC) is None


def test_a_directory_that_cannot_be_written_costs_the_checkpoint_only(
    store: CheckpointStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store.save("alice", RUN, SPEC, CHECKPOINT)
    folder = the_file(tmp_path).parent
    the_file(tmp_path).unlink()
    folder.rmdir()
    folder.write_text("a file where the folder should be")  # holds for root too, whom permissions do not stop
    assert not store.save("alice", RUN, SPEC, CHECKPOINT)
    assert store.load("alice", RUN, SPEC) is None
    store.delete("alice", RUN)
    assert "could not be written" in caplog.text
    assert files(tmp_path) == [folder]


def test_a_disk_that_fills_up_leaves_the_last_checkpoint_and_no_half_written_file(
    store: CheckpointStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save("alice", RUN, SPEC, CHECKPOINT)

    def full(file: Any, **_: Any) -> None:
        file.write(b"some of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    assert not store.save("alice", RUN, SPEC, Checkpoint(step=50, state=STATE, growth_events=0))
    monkeypatch.undo()
    assert len(files(tmp_path)) == 1
    assert same(store.load("alice", RUN, SPEC))


def test_servers_that_start_together_agree_on_one_token_key(tmp_path: Path) -> None:
    count = 16
    together, keys = threading.Barrier(count), list[bytes]()

    def start() -> None:
        store = CheckpointStore(tmp_path / "shared", quota_bytes=GENEROUS, ttl_s=60)
        together.wait(30)
        keys.append(store.shared_key())

    threads = [threading.Thread(target=start) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == count
    assert len(set(keys)) == 1
    assert len(keys[0]) == KEY_BYTES
    assert [path.name for path in files(tmp_path)] == ["token.key"]


def test_the_token_key_can_be_read_by_its_owner_only(store: CheckpointStore, tmp_path: Path) -> None:
    store.shared_key()
    assert the_file(tmp_path).stat().st_mode & 0o077 == 0
    assert (tmp_path / "store").stat().st_mode & 0o077 == 0


def test_a_token_key_that_was_cut_short_is_refused_with_the_remedy(store: CheckpointStore, tmp_path: Path) -> None:
    key = store.shared_key()
    the_file(tmp_path).write_bytes(key[:-1])
    with pytest.raises(OSError, match="delete it"):
        store.shared_key()


def test_the_sweep_leaves_other_peoples_files_alone(store: CheckpointStore, tmp_path: Path) -> None:
    foreign = [tmp_path / "store" / name / "epoch3.pt" for name in ("exp1", "0" * 32)]
    for path in foreign:
        path.parent.mkdir()
        path.write_bytes(b"weights")
        age(path, 10**6)
    (tmp_path / "store" / ("0" * 32) / "folder.npz").mkdir()
    store.sweep()
    assert all(path.exists() for path in foreign)
