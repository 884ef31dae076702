"""Names that are made durable together when they come together."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mfn_server.federation.storage import durable


class Syncs:
    """Counts syncs; the first one waits for `go`, and those whose number is in `failing` fail."""

    def __init__(self, *failing: int) -> None:
        self.began, self.go = threading.Semaphore(0), threading.Event()
        self.count, self._failing = 0, failing

    def __call__(self, folder: Path) -> None:
        self.count += 1
        number = self.count
        self.began.release()
        assert self.go.wait(30)
        if number in self._failing:
            raise OSError("no such disk")


def together(syncs: Syncs, monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[BaseException | None]:
    """One sync, and five more that are asked for while it is under way; what came of each."""
    monkeypatch.setattr(durable, "_sync_folder", syncs)
    with ThreadPoolExecutor(6) as threads:
        first = threads.submit(durable.sync_folder, folder)
        assert syncs.began.acquire(timeout=30)
        others = [threads.submit(durable.sync_folder, folder) for _ in range(5)]
        turns = durable._TURNS[folder]
        with turns._changed:
            assert turns._changed.wait_for(lambda: turns._asked == 6, timeout=0.01) or _all_asked(turns)
        syncs.go.set()
        return [call.exception(timeout=30) for call in (first, *others)]


def _all_asked(turns: durable._Turns) -> bool:
    """Polls: nothing tells that a thread has asked."""
    while turns._asked < 6:
        turns._changed.wait(0.001)
    return True


def test_whoever_comes_during_a_sync_shares_the_next_and_never_the_one_under_way(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    syncs = Syncs()
    assert together(syncs, monkeypatch, tmp_path) == [None] * 6
    assert syncs.count == 2


def test_a_sync_that_fails_is_nobody_elses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    syncs = Syncs(1, 2)
    failed = [error is not None for error in together(syncs, monkeypatch, tmp_path)]
    assert failed[0]
    assert (sum(failed), syncs.count) == (2, 3)
