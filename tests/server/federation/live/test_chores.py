"""What a federation does beside its events."""

import asyncio
from pathlib import Path
from unittest.mock import Mock

import pytest

from mfn_server.federation.live import chores as module
from mfn_server.federation.live.chores import MOST_TRIES, Chores, Hopeless
from mfn_server.federation.storage.errors import StorageFull


async def test_what_must_be_done_is_tried_until_it_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "SHORTEST_WAIT_S", 0.0)
    attempt = Mock(side_effect=[StorageFull(Path("volume")), RuntimeError("a passing fault"), "done"])

    async def work() -> object:
        return attempt()

    assert await Chores("federations/f").until_done("aggregating", work) == "done"
    assert attempt.call_count == 3
    assert "federations/f: aggregating failed" in caplog.text
    assert "a passing fault" in caplog.text


async def test_what_fails_again_and_again_in_a_way_nobody_foresaw_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHORTEST_WAIT_S", 0.0)
    full = [StorageFull(Path("volume"))] * (MOST_TRIES + 2)
    unforeseen = [ValueError("no convergence")] * MOST_TRIES
    attempt = Mock(side_effect=[*unforeseen[1:], *full, *unforeseen])

    async def work() -> object:
        return attempt()

    with pytest.raises(Hopeless):
        await Chores("federations/f").until_done("aggregating", work)
    assert attempt.call_count == 2 * MOST_TRIES + len(full) - 1


async def test_what_goes_wrong_beside_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise RuntimeError("nobody waits for this")

    chores = Chores("federations/f")
    chores.begin("clearing away", fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert "federations/f: clearing away failed" in caplog.text
    assert "nobody waits for this" in caplog.text


async def test_the_end_cancels_what_is_not_done() -> None:
    cancelled = asyncio.Event()

    async def long() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    chores = Chores("federations/f")
    chores.begin("something long", long())
    await asyncio.sleep(0)
    await chores.end()
    assert cancelled.is_set()
