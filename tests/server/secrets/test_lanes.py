"""Looks that hang: who waits for them, and for how long."""

import asyncio
import threading
from collections.abc import Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mfn_server.secrets import lanes
from mfn_server.secrets.sources.file import FileSource
from mfn_server.secrets.sources.source import Found
from mfn_server.secrets.watch_list import WatchList
from mfn_server.secrets.watched import Watched
from tests.server.access.calls import Reloaded


@dataclass
class Hanging:
    """A secret of a store whose answers wait until `answering`; looks: how many were begun."""

    store: str | None = "some store"
    look_every_s: float = 0.0
    answering: threading.Event = field(default_factory=threading.Event)
    looks: int = 0

    def look(self, seen: Hashable = None) -> Found | None:
        """Another content than at the start."""
        self.looks += 1
        self.answering.wait()
        return Found("new", b"new")


FIRST = Found("old", b"old")


@pytest.fixture
def slow() -> Iterator[Hanging]:
    source = Hanging()
    yield source
    source.answering.set()


async def until_done(watched: Watched[bytes]) -> None:
    """Have it looked at, and wait for that."""
    watched._next_look = 0.0
    await watched.fresh()
    assert watched._look is not None
    await asyncio.wait({watched._look})


async def test_what_hangs_in_a_store_keeps_neither_files_nor_other_stores_nor_the_threads_of_the_loop(
    slow: Hanging, tmp_path: Path
) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    file, watching, other = tmp_path / "file", WatchList(), Hanging("another store")
    file.write_bytes(b"old")
    other.answering.set()
    stuck = [watching.source(slow, bytes, setting=name, first=FIRST) for name in ("one", "two")]
    for watched in stuck:
        await watched.fresh()
    free = [watching.source(source, bytes, setting="other", first=FIRST) for source in (FileSource(file, 0.0), other)]
    file.write_bytes(b"new")
    for watched in free:
        await until_done(watched)
    assert [watched.current for watched in (*stuck, *free)] == [b"old", b"old", b"new", b"new"]
    assert slow.looks == 1
    assert await asyncio.to_thread(lambda: "free") == "free"
    for watched in stuck:
        await watched.end()


async def test_a_look_that_does_not_end_is_a_fault_and_threads_do_not_pile_up(
    slow: Hanging, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lanes, "DEADLINE_S", 0.01)
    reloads = Reloaded()
    watched = Watched(slow, bytes, setting="some_secret", first=FIRST, reloads=reloads)
    for _ in range(5):
        await until_done(watched)
    assert (watched.current, slow.looks) == (b"old", 2)
    assert reloads.counted == [("some_secret", False)]
    assert [each.levelname for each in caplog.records if "there is no answer within" in each.getMessage()] == ["ERROR"]
    slow.answering.set()
    for thread in watched._lane._left:
        thread.join()
    monkeypatch.undo()
    await until_done(watched)
    assert watched.current == b"new"


async def test_after_a_fault_the_next_look_is_soon_and_then_less_often(
    slow: Hanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "DEADLINE_S", 0.0)
    monkeypatch.setattr("mfn_server.secrets.watched.monotonic", lambda: 100.0)
    watched = Watched(slow, bytes, setting="some_secret", first=FIRST, look_every_s=5.0)
    after = list[float]()
    for _ in range(5):
        await until_done(watched)
        after.append(watched._next_look - 100.0)
    assert after == [1.0, 2.0, 4.0, 5.0, 5.0]


async def test_looks_at_a_store_are_spread_and_looks_at_files_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = Watched(Hanging(), bytes, setting="some_secret", first=FIRST, look_every_s=100.0)
    local = Watched(Hanging(None), bytes, setting="some_file", first=FIRST, look_every_s=100.0)
    waits = [remote._interval() for _ in range(100)]
    assert 90.0 <= min(waits) < max(waits) <= 110.0
    assert {local._interval() for _ in range(10)} == {100.0}
