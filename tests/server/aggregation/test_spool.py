"""Room on disk: set aside before it is used, given back whole, never under a name that stays."""

import stat
import threading
from pathlib import Path

import pytest

from mfn_server.aggregation.spool import ALIGNMENT, Spool, aligned
from mfn_server.errors import Fault


def spool_in(directory: Path, stream_bytes: int = 1000, server_bytes: int = 1500) -> Spool:
    return Spool(directory / "rounds", stream_bytes=stream_bytes, server_bytes=server_bytes)


def test_what_is_written_anywhere_is_read_anywhere(tmp_path: Path) -> None:
    file = spool_in(tmp_path).open()
    file.write(10, b"later")
    file.write(0, b"first")
    assert file.read(10, 15) == b"later"
    view = file.view(20)
    file.close()
    assert bytes(view.read(0, 20)) == b"first" + bytes(5) + b"later" + bytes(5)
    view.close()


def test_a_view_that_is_closed_cannot_be_read(tmp_path: Path) -> None:
    file = spool_in(tmp_path).open()
    view = file.view(8)
    view.close()
    file.close()
    with pytest.raises(ValueError, match="over"):
        view.read(0, 1)


def test_a_file_that_is_closed_takes_nothing_more(tmp_path: Path) -> None:
    file = spool_in(tmp_path).open()
    file.close()
    with pytest.raises(ValueError, match="closed"):
        file.write(0, b"x")


def test_several_threads_write_to_places_of_their_own(tmp_path: Path) -> None:
    file = spool_in(tmp_path).open()

    def write(k: int) -> None:
        for i in range(1000):
            file.write(k * 1000 + i, bytes([k]))

    writers = [threading.Thread(target=write, args=(k,)) for k in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert file.read(0, 4000) == b"".join(bytes([k]) * 1000 for k in range(4))
    file.close()


def test_the_directory_is_the_owners_alone(tmp_path: Path) -> None:
    spool_in(tmp_path)
    assert stat.S_IMODE((tmp_path / "rounds").stat().st_mode) == 0o700


def test_what_a_crash_left_is_deleted_at_the_start_and_nothing_else(tmp_path: Path) -> None:
    directory = tmp_path / "rounds"
    directory.mkdir()
    (directory / "round-abc").write_bytes(b"left behind")
    (directory / "other").write_bytes(b"not ours")
    spool_in(tmp_path)
    assert [path.name for path in directory.iterdir()] == ["other"]


def test_a_server_that_starts_takes_nothing_from_one_that_runs(tmp_path: Path) -> None:
    file = spool_in(tmp_path).open()
    file.write(0, b"mine")
    spool_in(tmp_path)
    assert file.read(0, 4) == b"mine"
    file.close()


def test_a_stream_takes_no_more_than_its_own(tmp_path: Path) -> None:
    spool = spool_in(tmp_path)
    with spool.share() as share:
        share.take(600)
        share.take(400)
        with pytest.raises(Fault, match="1000 bytes are set aside for this stream; 1 more would exceed 1000"):
            share.take(1)
        share.give_back(400)
        share.take(1)
        assert spool.taken == 601
    assert spool.taken == 0


def test_all_streams_together_take_no_more_than_there_is(tmp_path: Path) -> None:
    spool = spool_in(tmp_path)
    with spool.share() as one, spool.share() as other:
        one.take(1000)
        other.take(500)
        with pytest.raises(Fault) as caught:
            other.take(1)
        assert caught.value.retry_after_s is not None
        assert "other streams hold 1000 bytes of the server's 1500" in caught.value.message
        one.give_back(1)
        other.take(1)
    assert spool.taken == 0


def test_a_part_of_a_share_is_given_back_whole_whatever_happens(tmp_path: Path) -> None:
    spool = spool_in(tmp_path)
    with spool.share() as share:
        share.take(100)
        part = share.part()
        taken = part.__enter__()  # what `with` does
        taken.take(500)
        assert (taken.taken, share.taken, spool.taken) == (500, 600, 600)
        with pytest.raises(Fault):
            taken.take(401)
        assert not part.__exit__(KeyError, KeyError(), None)
        assert (share.taken, spool.taken) == (100, 100)


@pytest.mark.parametrize(("size", "expected"), [(0, 0), (1, 64), (64, 64), (65, 128)])
def test_updates_begin_where_every_type_is_aligned(size: int, expected: int) -> None:
    assert aligned(size) == expected
    assert expected % ALIGNMENT == 0
