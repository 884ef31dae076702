"""An update of 64 MiB, checksummed, signed and durable, against a bare stream and against a bare write and fsync.

The three take turns. The bare stream is grpc.aio's on both sides, with the same messages and a server process that
forgets them; the bare write is of the same pieces into one file, then fsync. The bar is for the slower of the two.
"""

import asyncio
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from benchmarks.federations.parties import found, plain_policy
from benchmarks.federations.raw_participant import CHUNK_BYTES, RawParticipant, chunk_messages
from benchmarks.measuring.machine import MIB
from benchmarks.measuring.rows import Row, at_least, ratio_row
from benchmarks.measuring.timing import Samples, ratio
from benchmarks.servers.bare_stream import METHOD
from benchmarks.servers.port_program import serving
from benchmarks.servers.server_process import ServerProcess
from mfn_client import AsyncClient
from mfn_grpc.tensors import manifest_of

SIZES = {True: 1 * MIB, False: 64 * MIB}
REPEATS = {True: 2, False: 12}
NAME = "upload"


def measure(quick: bool) -> Iterator[Row]:
    """One row."""
    with (
        tempfile.TemporaryDirectory(prefix="mfn-upload-", dir=Path.cwd()) as folder,
        ServerProcess(state_dir=f"{folder}/state") as server,
        serving("benchmarks.servers.bare_stream") as bare,
    ):
        times = asyncio.run(_take_turns(server.target, bare.target, Path(folder), SIZES[quick], REPEATS[quick]))
    yield _row(times, SIZES[quick])


def _row(times: dict[str, Samples], size: int) -> Row:
    slower = max(("stream", "write"), key=lambda name: times[name].median)
    rates = {name: size / MIB / samples.median for name, samples in times.items()}
    return ratio_row(
        f"upload of {size // MIB} MiB with checksums and durability",
        "the slower of a bare client stream and a bare write + fsync",
        ratio(times[slower], times["ours"]),
        f"{rates['ours']:,.0f} MiB/s; bare stream {rates['stream']:,.0f}, write + fsync {rates['write']:,.0f}",
        times,
        at_least(0.7),
    )


async def _take_turns(target: str, bare_target: str, folder: Path, size: int, repeats: int) -> dict[str, Samples]:
    model = {"w": np.zeros(size // 4, np.float32)}
    payload = np.random.default_rng(0).standard_normal(size // 4, np.float32).tobytes()
    manifest = manifest_of(model).SerializeToString()
    chunks, digest = chunk_messages(payload), hashlib.sha256(payload).digest()
    times: dict[str, list[float]] = {"ours": [], "stream": [], "write": []}
    async with (
        AsyncClient(target) as client,
        grpc.aio.insecure_channel(target) as channel,
        grpc.aio.insecure_channel(bare_target) as bare,
    ):
        policy = plain_policy(min_participants=1, max_rounds=repeats + 2)
        (key,) = (await found(client, NAME, model, policy, 1)).values()
        participant = RawParticipant(channel, f"federations/{NAME}/participants/p0", key)
        await participant.join()
        for _ in range(repeats + 1):
            times["ours"].append(await participant.upload(manifest, digest, chunks))
            times["stream"].append(await _stream(bare, chunks))
            times["write"].append(_write(folder / "bare", payload))
    return {name: Samples(tuple(values[1:])) for name, values in times.items()}


async def _stream(bare: grpc.aio.Channel, chunks: Sequence[bytes]) -> float:
    method: Any = bare.stream_unary(METHOD)
    began = time.perf_counter()
    call = method()
    for chunk in chunks:
        await call.write(chunk)
    await call.done_writing()
    await call
    return time.perf_counter() - began


def _write(path: Path, payload: bytes) -> float:
    """Seconds of writing the pieces of a payload into a new file, up to its fsync."""
    began = time.perf_counter()
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    for start in range(0, len(payload), CHUNK_BYTES):
        os.write(descriptor, payload[start : start + CHUNK_BYTES])
    os.fsync(descriptor)
    seconds = time.perf_counter() - began
    os.close(descriptor)
    path.unlink()
    return seconds
