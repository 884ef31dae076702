"""A coordinator and its participants: the work of a round, and the memory of those who wait for one."""

import asyncio
import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from benchmarks.federations.parties import all_connected, found, plain_policy, taking_part
from benchmarks.growth.ladder import Ladder
from benchmarks.measuring.process import CpuClock, anonymous_mib
from benchmarks.servers.server_process import ServerProcess
from mfn_client import AsyncClient

PARTICIPANTS = {True: (2, 4, 8), False: (4, 8, 16, 32, 64)}
ROUNDS = {True: 3, False: 8}
WAITING = {True: (10, 20, 40), False: (100, 200, 400, 800)}
MODEL = {"w": np.zeros((10, 10), np.float32)}


@contextmanager
def ladders(quick: bool) -> Iterator[Iterator[Ladder]]:
    """Of one server, which runs while the context is entered."""
    with tempfile.TemporaryDirectory(prefix="mfn-growth-") as state, ServerProcess(state_dir=state) as server:
        yield _of(server, quick)


def _of(server: ServerProcess, quick: bool) -> Iterator[Ladder]:
    clock, names = CpuClock(server.pid), (f"growth{number}" for number in itertools.count())
    asyncio.run(_rounds(server.target, next(names), 2, 1, clock))
    idle = anonymous_mib(server.pid)

    def memory(participants: int) -> float:
        return max(asyncio.run(_waiting(server, next(names), participants)) - idle, 0.1)

    def work(participants: int) -> float:
        return asyncio.run(_rounds(server.target, next(names), participants, ROUNDS[quick], clock))

    who = "coordinator, memory of participants that wait"
    yield Ladder(who, "participants", "MiB", WAITING[quick], memory, together=False)
    yield Ladder("coordinator, processor time of a round", "participants", "ms", PARTICIPANTS[quick], work)


async def _rounds(target: str, name: str, participants: int, rounds: int, clock: CpuClock) -> float:
    """Milliseconds of the server's processor a round, joining and leaving included."""
    policy = plain_policy(min_participants=participants, max_rounds=rounds)
    async with AsyncClient(target) as client:
        keys = await found(client, name, MODEL, policy, participants)
        before = clock.seconds()
        async with taking_part(target, name, keys) as tasks:
            await asyncio.gather(*tasks)
        return 1e3 * (clock.seconds() - before) / rounds


async def _waiting(server: ServerProcess, name: str, participants: int) -> float:
    """MiB of the server while so many are connected and wait for one more; the federation is deleted again."""
    async with AsyncClient(server.target) as client:
        keys = await found(client, name, MODEL, plain_policy(min_participants=participants + 1), participants)
        async with taking_part(server.target, name, keys):
            await all_connected(client, name, participants)
            held = anonymous_mib(server.pid)
        await client.delete_federation(name)
        return held
