"""Half an hour of mixed load against one server with the whole chain on: `python -m benchmarks.soak`, `make soak`.

`--minutes` or MFN_SOAK_MINUTES says how long. Load: unary calls, streams, uploads, features, federation rounds, calls
that are refused and calls that are cancelled, at a rate that leaves most of a core free; a refusal that is not expected
ends it. Memory, open files and threads of the server are read every few seconds; after a warm-up a line is fitted
through each. Exits 1 when one grows beyond its bound, or when a kind of load never came to what it should.
"""

import argparse
import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.federations.parties import found, plain_policy, taking_part
from benchmarks.servers.chained_server import Chained, chained_server
from benchmarks.soak.outcomes import Outcomes, outcome_of, unseen
from benchmarks.soak.report import WARM_UP_SHARE, Sample, report, sample
from mfn_client import AsyncClient

SAMPLE_EVERY_S = 5.0
FEDERATION_ROUNDS = 5
FIELD = np.random.default_rng(0).normal(-60.0, 8.0, (64, 64))
HISTORY = [FIELD + shift for shift in range(4)]
ENDLESS: dict[str, Any] = {"rows": 64, "cols": 64, "steps": 1_000_000, "stride": 1000}
STREAM: dict[str, Any] = {"rows": 64, "cols": 64, "steps": 100, "stride": 20}
QUOTA_BYTES = 64 * 2**20
"""Of uploaded arrays: reached early, so that uploads are refused as well and files do not pile up."""


@dataclass(frozen=True)
class Load:
    """Whom the load asks, and as whom."""

    client: AsyncClient
    target: str
    key: str


Work = Callable[[Load, int], Awaitable[object]]


async def _unary(load: Load, number: int) -> None:
    await load.client.nernst(1, 0.005, 0.14)
    await load.client.run("gray_scott", rows=32, cols=32, steps=50, seed=number)


async def _stream(load: Load, number: int) -> None:
    async with load.client.simulate("mycelium", **STREAM, seed=number) as frames:
        async for _ in frames:
            pass


async def _cancelled(load: Load, number: int) -> None:
    async with load.client.simulate(
        "gray_scott", rows=64, cols=64, steps=1_000_000, stride=1000, seed=number
    ) as frames:
        await anext(frames)


async def _refused(load: Load, number: int) -> None:
    await load.client.run("gray_scott", rows=32, cols=32, steps=50, dt=1e6)


async def _upload(load: Load, number: int) -> None:
    stored = await load.client.upload(FIELD)
    await load.client.extract_features(stored)


async def _features(load: Load, number: int) -> None:
    async with load.client.feature_stream(HISTORY) as reports:
        async for _ in reports:
            pass


async def _federation(load: Load, number: int) -> None:
    """A federation from its founding to its deletion."""
    name = f"soak-{number}-{time.time_ns()}"
    policy = plain_policy(min_participants=2, max_rounds=FEDERATION_ROUNDS)
    keys = await found(load.client, name, {"w": np.zeros(100, np.float32)}, policy, 2)
    async with taking_part(load.target, name, keys, load.key) as tasks:
        await asyncio.gather(*tasks)
    await load.client.delete_federation(name)


LOAD: Mapping[str, tuple[float, Work, Outcomes]] = {
    "unary": (0.05, _unary, Outcomes()),
    "stream": (0.3, _stream, Outcomes()),
    "cancelled": (0.5, _cancelled, Outcomes()),
    "refused": (0.2, _refused, Outcomes("UNSTABLE_SPEC")),
    "upload": (1.0, _upload, Outcomes(others=frozenset({"QUOTA_EXCEEDED"}))),
    "features": (1.0, _features, Outcomes()),
    "federation": (5.0, _federation, Outcomes()),
}
"""What is done, with seconds of pause after each, and what it may come to."""

Counts = Counter[tuple[str, str]]
"""How often each kind of load came to what."""


async def _again_and_again(load: Load, name: str, counts: Counts) -> None:
    """Until cancelled, or until something comes to what it must not."""
    pause_s, work, expected = LOAD[name]
    number = 0
    while True:
        number += 1
        counts[name, await outcome_of(work(load, number), expected)] += 1
        await asyncio.sleep(pause_s)


async def _watch(pid: int, seconds: float) -> list[Sample]:
    """Look every few seconds until the time is over."""
    samples, began = list[Sample](), time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        samples.append(sample(pid, passed / 60))
        latest = samples[-1]
        print(f"{latest.minutes:6.1f} min  {latest.anonymous_mib:7.1f} MiB  {latest.files} files", file=sys.stderr)
        await asyncio.sleep(min(SAMPLE_EVERY_S, seconds / 20))
    return samples


async def _soak(ours: Chained, seconds: float) -> tuple[list[Sample], Counts]:
    counts: Counts = Counter()
    async with AsyncClient(ours.server.target, api_key=ours.key) as client:
        load = Load(client, ours.server.target, ours.key)
        watching = asyncio.create_task(_watch(ours.server.pid, seconds))
        loads = [asyncio.create_task(_again_and_again(load, name, counts)) for name in LOAD]
        await asyncio.wait([watching, *loads], return_when=asyncio.FIRST_COMPLETED)
        for task in loads:
            task.cancel()
        ended = await asyncio.gather(*loads, return_exceptions=True)
        if failed := [error for error in ended if isinstance(error, Exception)]:
            watching.cancel()
            raise failed[0]
        return await watching, counts


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak; 0 when nothing grew beyond its bound and every kind of load came to what it should."""
    seconds = 60 * _parser().parse_args(arguments).minutes
    with chained_server(compute_threads=1, array_quota_bytes=QUOTA_BYTES) as ours:
        samples, counts = asyncio.run(_soak(ours, seconds))
    print(", ".join(f"{name} {outcome}: {count:,}" for (name, outcome), count in sorted(counts.items())))
    for lacking in (missing := unseen(counts, {name: expected for name, (_, _, expected) in LOAD.items()})):
        print(f"FAIL: {lacking}")
    table, kept = report(samples, WARM_UP_SHARE * seconds / 60)
    print(table)
    return 0 if kept and not missing else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description="Mixed load, and what grows.")
    usual = os.environ.get("MFN_SOAK_MINUTES", "30")
    parser.add_argument("--minutes", type=_minutes, default=usual, metavar="N", help=f"how long; default {usual}")
    return parser


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0 < minutes < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} minutes are no time to soak")
    return minutes


if __name__ == "__main__":
    sys.exit(main())
