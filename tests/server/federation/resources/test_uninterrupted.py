"""Work that was begun ends, whether or not its caller waits for it."""

import asyncio

import pytest

from mfn_server.federation.resources.uninterrupted import uninterrupted
from tests.server.conftest import Complaints


async def test_what_work_returns_or_raises_reaches_a_caller_who_waits() -> None:
    async def fails() -> None:
        raise ValueError("as it should")

    assert await uninterrupted(asyncio.sleep(0, "done")) == "done"
    with pytest.raises(ValueError, match="as it should"):
        await uninterrupted(fails())


@pytest.mark.parametrize("fails", [False, True])
async def test_work_goes_on_when_its_caller_leaves_and_nobody_complains(complaints: Complaints, fails: bool) -> None:
    begun, go_on, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await go_on.wait()
        ended.set()
        if fails:
            raise ValueError("nobody waits for this")

    caller = asyncio.create_task(uninterrupted(work()))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    go_on.set()
    await ended.wait()
    await asyncio.sleep(0)
    assert complaints() == []
