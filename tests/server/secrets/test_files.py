"""Secrets in files: what is taken for one, and when."""

import os
from collections.abc import Hashable
from pathlib import Path

import pytest

from mfn_server.secrets.sources.file import MOST_BYTES, FileSource
from mfn_server.secrets.sources.source import Found
from mfn_server.secrets.watched import MOST_CHANGES, Watched


class Written:
    """A file that somebody writes: at each look there is one more of `contents`, the last one for ever."""

    store, look_every_s = None, 0.0

    def __init__(self, *contents: bytes) -> None:
        self._contents = list(contents)

    def look(self, seen: Hashable = None) -> Found | None:
        """What is there by now."""
        content = self._contents.pop(0) if len(self._contents) > 1 else self._contents[0]
        return None if content == seen else Found(content, content)


async def test_what_is_half_written_is_never_taken_for_the_whole() -> None:
    parsed = list[bytes]()

    def parse(content: bytes) -> bytes:
        parsed.append(content)
        return content

    watched = Watched(Written(b"old", b"", b"ne", b"new"), parse, setting="some_file")
    assert await watched.fresh() == b"new"
    assert parsed == [b"old", b"new"]


async def test_what_is_written_and_taken_back_is_nothing_new(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    watched = Watched(Written(b"old", b"ol", b"old"), bytes, setting="some_file")
    assert await watched.fresh() == b"old"
    assert "was read again" not in caplog.text


async def test_a_file_that_never_holds_still_is_a_fault(caplog: pytest.LogCaptureFixture) -> None:
    contents = [str(each).encode() for each in range(MOST_CHANGES + 2)]
    watched = Watched(Written(*contents, b"last"), bytes, setting="some_file")
    assert await watched.fresh() == b"0"
    assert "write a new file and rename it" in caplog.text


async def test_a_secret_that_kubernetes_exchanges_by_its_link_counts(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / f"..{name}").mkdir()
        (tmp_path / f"..{name}" / "key").write_text(name)
    (tmp_path / "..data").symlink_to("..old")
    (tmp_path / "key").symlink_to("..data/key")
    watched = Watched(FileSource(tmp_path / "key", look_every_s=0.0), bytes, setting="some_file")
    (tmp_path / "..data_tmp").symlink_to("..new")
    (tmp_path / "..data_tmp").replace(tmp_path / "..data")
    assert await watched.fresh() == b"new"


async def test_a_file_written_in_place_counts_though_its_time_and_size_are_the_same(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("old")
    watched = Watched(FileSource(file, look_every_s=0.0), bytes, setting="some_file")
    before = file.stat()
    file.write_text("new")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert await watched.fresh() == b"new"


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="pipe is no regular file"):
        FileSource(tmp_path / "pipe").look()


def test_the_longest_file_is_read_and_a_longer_one_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"x" * MOST_BYTES)
    found = FileSource(file).look()
    assert found is not None
    assert len(found.content) == MOST_BYTES
    file.write_bytes(b"x" * (MOST_BYTES + 1))
    with pytest.raises(ValueError, match="holds more than 1048576 bytes"):
        FileSource(file).look()
