"""Rounds that do nothing with 20 participants, and 1,000 participants that wait.

The participants are the client library's, in this process; the server is one of its own. A round takes from its start
to that of the next, as the server stamps them: assignment, 20 downloads that are not needed, training that changes
nothing, 20 signed, durable, acknowledged updates, aggregation, the new model. Flower's participants ask for work every
3 s or less often, which bounds its rounds from below.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from benchmarks.federations.parties import all_connected, found, plain_policy, taking_part
from benchmarks.measuring.process import CpuClock, anonymous_mib
from benchmarks.measuring.rows import Row, at_most
from benchmarks.measuring.timing import Samples
from benchmarks.servers.server_process import ServerProcess
from mfn_client import AsyncClient

PARTICIPANTS = 20
ROUNDS = {True: 5, False: 60}
WARM_ROUNDS = 2
MODEL = {"w": np.zeros((10, 10), np.float32)}
IDLE = {True: 50, False: 1000}
WATCH_S = {True: 3.0, False: 40.0}
"""Longer than the participants' heartbeats are apart."""


def measure(quick: bool) -> Iterator[Row]:
    """One row for rounds, two for waiting."""
    with tempfile.TemporaryDirectory(prefix="mfn-federation-") as state, ServerProcess(state_dir=state) as server:
        yield _row(asyncio.run(_rounds(server.target, ROUNDS[quick])))
    with tempfile.TemporaryDirectory(prefix="mfn-federation-") as state, ServerProcess(state_dir=state) as server:
        yield from asyncio.run(_idle(server, IDLE[quick], WATCH_S[quick]))


def _row(rounds: Samples) -> Row:
    return Row(
        f"a round of {PARTICIPANTS} connected participants that changes nothing",
        value=1e3 * rounds.median,
        unit="ms",
        bar=at_most(50.0),
        spread=rounds.spread,
        figure=f"worst of {len(rounds.values)}: {1e3 * rounds.worst:.1f} ms",
        samples={"rounds": rounds.values},
    )


async def _rounds(target: str, count: int) -> Samples:
    """Seconds from the start of each round to the next."""
    policy = plain_policy(min_participants=PARTICIPANTS, max_rounds=count + WARM_ROUNDS + 1)
    async with AsyncClient(target) as client:
        keys = await found(client, "rounds", MODEL, policy, PARTICIPANTS)
        async with taking_part(target, "rounds", keys) as tasks:
            await asyncio.gather(*tasks)
        rounds = [each async for each in client.list_rounds("rounds")]
    starts = sorted(each.start_time.timestamp() for each in rounds if each.start_time)
    return Samples(tuple(after - before for before, after in pairwise(starts[WARM_ROUNDS:])))


async def _idle(server: ServerProcess, count: int, watch_s: float) -> Iterator[Row]:
    """Memory and processor time of the server for participants that wait for one more."""
    async with AsyncClient(server.target) as client:
        keys = await found(client, "idle", MODEL, plain_policy(min_participants=count + 1), count)
        before = anonymous_mib(server.pid)
        async with taking_part(server.target, "idle", keys):
            await all_connected(client, "idle", count)
            clock = CpuClock(server.pid)
            used, began = clock.seconds(), time.monotonic()
            await asyncio.sleep(watch_s)
            share = (clock.seconds() - used) / (time.monotonic() - began)
            added = anonymous_mib(server.pid) - before
    who = f"{count:,} connected participants that wait"
    return iter(
        (
            Row(f"{who}: memory", value=added, unit="MiB", bar=at_most(200.0), figure=f"{before:.0f} MiB before"),
            Row(f"{who}: processor", value=100 * share, unit="% of a core", bar=at_most(5.0)),
        )
    )
