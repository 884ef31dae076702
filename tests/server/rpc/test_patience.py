"""Tasks that are not done in time are cancelled, by one timer for all of them."""

import asyncio

import pytest

from mfn_server.rpc.patience import Patience


async def waiting(patience: Patience, event: asyncio.Event) -> str:
    """How a wait ends."""
    task = patience.begin()
    try:
        await event.wait()
    except asyncio.CancelledError:
        if patience.ended_it(task):
            return "too late"
        raise
    finally:
        patience.end(task)
    return "in time"


async def test_only_what_is_waited_for_too_long_ends() -> None:
    patience, now, never = Patience(0.01), asyncio.Event(), asyncio.Event()
    now.set()
    ends = await asyncio.gather(*(waiting(patience, event) for event in (now, never, now, never)))
    assert ends == ["in time", "too late", "in time", "too late"]


async def test_it_goes_on_after_a_time_in_which_nothing_was_waited_for() -> None:
    patience, never = Patience(0.01), asyncio.Event()
    for _ in range(2):
        assert await asyncio.create_task(waiting(patience, never)) == "too late"


@pytest.mark.parametrize("seconds", [0.0, 60.0])
async def test_a_task_that_somebody_else_cancels_is_cancelled(seconds: float) -> None:
    patience, entered = Patience(seconds), asyncio.Event()

    async def entering() -> str:
        entered.set()
        return await waiting(patience, asyncio.Event())

    task = asyncio.create_task(entering())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
