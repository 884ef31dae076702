"""A file that is read again when it changes."""

import asyncio
import os
import threading
from pathlib import Path

import pytest

from mfn_server.secrets import watched
from mfn_server.secrets.sources.file import FileSource
from mfn_server.secrets.watched import Watched
from tests.server.access.calls import Reloaded


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "number"
    path.write_text("1")
    return path


def put(path: Path, text: str | None) -> None:
    """Write the file, or delete it."""
    path.unlink() if text is None else path.write_text(text)


def put_anew(path: Path, text: str) -> None:
    """Another file in its place, of the same time."""
    new, before = path.with_name("new"), path.stat()
    new.write_text(text)
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.replace(path)


def number(raw: bytes) -> int:
    """Like int, whose own complaint would repeat the content."""
    if not raw.isdigit():
        raise ValueError("it is no number")
    return int(raw)


async def test_a_change_counts_at_the_next_look(file: Path) -> None:
    content = Watched(FileSource(file), number, setting="some_file", look_every_s=0.0)
    assert await content.fresh() == 1
    put(file, "22")
    assert await content.fresh() == 22


async def test_a_file_of_the_same_size_and_time_counts_when_it_was_put_in_place_anew(file: Path) -> None:
    content = Watched(FileSource(file), number, setting="some_file", look_every_s=0.0)
    put_anew(file, "2")
    assert await content.fresh() == 2


async def test_between_two_looks_the_file_is_left_alone(file: Path) -> None:
    content = Watched(FileSource(file), number, setting="some_file", look_every_s=3600.0)
    put(file, "22")
    assert await content.fresh() == 1


@pytest.mark.parametrize("faulty", ["", "x", None])
async def test_of_a_faulty_file_the_last_good_content_stays_and_one_error_is_logged(
    file: Path, faulty: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    reloads = Reloaded()
    content = Watched(FileSource(file), number, setting="some_file", reloads=reloads, look_every_s=0.0)
    put(file, faulty)
    assert [await content.fresh() for _ in range(3)] == [1, 1, 1]
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(errors) == 1
    assert "MFN_SOME_FILE" in errors[0].getMessage()
    put(file, "3")
    assert await content.fresh() == 3
    assert (reloads.counted, reloads.mended) == ([("some_file", False), ("some_file", True)], [])


async def test_a_fault_that_ends_without_anything_new_is_told_to_be_over(file: Path) -> None:
    reloads = Reloaded()
    content = Watched(FileSource(file), number, setting="some_file", reloads=reloads, look_every_s=0.0)
    for text in ("x", "1"):
        put(file, text)
        assert await content.fresh() == 1
    assert (reloads.counted, reloads.mended) == ([("some_file", False)], ["some_file"])


async def test_what_cannot_be_handed_on_does_not_count_and_is_tried_again(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reloads, handed = Reloaded(), list[int]()

    def hand_on(content: int) -> None:
        handed.append(content)
        if len(handed) < 3:
            raise RuntimeError("swordfish")

    content = Watched(
        FileSource(file), number, setting="some_file", reloads=reloads, on_reload=hand_on, look_every_s=0.0
    )
    put(file, "22")
    assert [await content.fresh() for _ in range(4)] == [1, 1, 22, 22]
    assert (handed, reloads.counted) == ([22, 22, 22], [("some_file", False), ("some_file", True)])
    assert "swordfish" not in caplog.text


async def test_a_parser_that_fails_in_no_way_it_should_costs_nothing_but_an_error_without_the_content(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def parse(raw: bytes) -> int:
        return {b"1": 1}[raw]

    content = Watched(FileSource(file), parse, setting="some_file", look_every_s=0.0)
    put(file, "swordfish")
    assert [await content.fresh() for _ in range(2)] == [1, 1]
    assert ["KeyError" in record.getMessage() for record in caplog.records] == [True]
    assert "swordfish" not in caplog.text


async def test_a_volume_that_does_not_answer_delays_one_call_a_little_and_no_other(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "PATIENCE_S", 0.01)
    answered, looks = threading.Event(), list[bytes]()

    def hanging(raw: bytes) -> int:
        if looks:
            assert answered.wait(60)
        looks.append(raw)
        return number(raw)

    content = Watched(FileSource(file), hanging, setting="some_file", look_every_s=0.0)
    put(file, "22")
    assert [await content.fresh() for _ in range(20)] == [1] * 20
    assert len(looks) == 1
    answered.set()
    assert content._look is not None
    await asyncio.wait({content._look})
    assert (content.current, looks) == (22, [b"1", b"22"])
