"""Updates that never end take up the room of one, and none once their round is over."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.federation.machine.events import RoundDeadline
from tests.server.federation.hosting import Host, Hosting
from tests.server.federation.policies import policy
from tests.server.federation.scripted import Participant, Update, chunks_of
from tests.server.gates import eventually

MODEL = np.zeros(300_000, "<f4")


async def broken_off(host: Host, participant: Participant, update: Update) -> None:
    """All but the last chunk is sent, then the connection breaks; returns once the server has noticed."""
    sessions = len(host.live("f").state.sessions)
    await participant.announce(update)
    resume = await participant.until("resume")
    for chunk in chunks_of(update.payload, resume.offset)[:-1]:
        await participant.send(chunk=chunk)
    await participant.send(heartbeat=pb.Heartbeat())
    await asyncio.sleep(0)
    participant.call.cancel()
    await eventually(lambda: len(host.live("f").state.sessions) == sessions - 1)


def drafts(host: Host) -> list[Path]:
    return sorted((host.live("f").folder.path / "updates").iterdir())


async def test_one_who_breaks_off_one_update_after_another_leaves_one_of_them_behind(hosting: Hosting) -> None:
    host = await hosting()
    _, (liar, other) = await host.operator.gathering("f", MODEL, policy(2), 2)
    start, _ = await liar.task()
    theirs, _ = await other.task()
    await broken_off(host, other, other.update(theirs, MODEL + 9))
    for attempt in range(4):
        await broken_off(host, liar, liar.update(start, MODEL + attempt))
        await liar.join()
    kept = [path.name.partition("_")[0] for path in drafts(host)]
    assert sorted(kept) in (["p0", "p1"], ["p1"], ["p0"])  # what was still on its way may be lost
    assert kept.count("p0") <= 1


@pytest.mark.parametrize(("late", "left"), [("REJECT", 0), ("NEXT_ROUND", 1)])
async def test_an_unfinished_update_goes_with_its_round_unless_it_may_still_count(
    hosting: Hosting, late: str, left: int
) -> None:
    host = await hosting()
    chosen = policy(2, rounds=5, late_updates=f"LATE_POLICY_{late}")
    _, (slow, *_) = await host.operator.gathering("f", MODEL, chosen, 3)
    start, _ = await slow.task()
    await broken_off(host, slow, slow.update(start, MODEL + 1))
    assert len(drafts(host)) == 1
    live = host.live("f")
    await live.submit(RoundDeadline(1, at=0.0))
    await eventually(lambda: not live._chores._tasks)
    assert len(drafts(host)) == left
    for number in (2, 3):
        await live.submit(RoundDeadline(number, at=0.0))
    await eventually(lambda: not live._chores._tasks)
    assert not drafts(host)
