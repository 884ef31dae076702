"""ComputeNernstBatch of 200,000 points through the whole chain, against a bare echo of the same bytes.

Both servers are processes of their own and take turns with one asyncio client, which keeps a few calls open and leaves
requests and answers as bytes. The request carries both concentrations as float64 arrays, the answer the potentials.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import grpc
import numpy as np

from benchmarks.measuring.calls import calls_per_second
from benchmarks.measuring.process import Metered
from benchmarks.measuring.rows import Row, at_least, ratio_row
from benchmarks.measuring.timing import interleaved, ratio
from benchmarks.servers.bare_echo import BATCH_ANSWER, BATCH_METHOD, POINTS
from benchmarks.servers.chained_server import chained_server
from benchmarks.servers.port_program import LARGEST_BYTES, serving
from mfn_grpc.arrays import from_array, to_array
from mfn_grpc.v1 import electrochemistry_pb2 as pb

NERNST_BATCH = "/mfn.v1.ElectrochemistryService/ComputeNernstBatch"
CALLERS = 2
CALLS = {True: 4, False: 80}
REPEATS = {True: 2, False: 20}

Once = Callable[[], Awaitable[Any]]


def measure(quick: bool) -> Iterator[Row]:
    """Batches a second."""
    raw, count = request().SerializeToString(), CALLS[quick]
    with chained_server() as ours, serving("benchmarks.servers.bare_echo") as bare, asyncio.Runner() as runner:
        keyed = (("x-api-key", ours.key),)
        chain = partial(runner.run(_method(ours.server.target, NERNST_BATCH)), raw, metadata=keyed)
        echo = partial(runner.run(_method(bare.target, BATCH_METHOD)), raw)
        check(runner.run(_one(chain)))
        turns = {
            "batch": Metered(ours.server.pid, lambda: runner.run(calls_per_second(chain, count, CALLERS))),
            "echo": Metered(bare.pid, lambda: runner.run(calls_per_second(echo, count, CALLERS))),
        }
        rates = interleaved(turns, REPEATS[quick])
    used = {name: 1e3 * turn.used.median / count for name, turn in turns.items()}
    each = f"{rates['batch'].median:,.0f} batches/s, echo {rates['echo'].median:,.0f}"
    yield ratio_row(
        "ComputeNernstBatch of 200,000 points",
        "a bare grpc.aio echo of as many bytes",
        ratio(rates["batch"], rates["echo"]),
        f"{each}; {used['batch']:.1f} ms of the server's processor a batch, echo {used['echo']:.1f}",
        rates,
        at_least(0.80),
    )


def request() -> pb.ComputeNernstBatchRequest:
    """Points whose potentials differ, of one monovalent ion at body temperature."""
    rng = np.random.default_rng(7)
    return pb.ComputeNernstBatchRequest(
        z_valence=to_array(np.array([1.0])),
        concentration_out_molar=to_array(rng.uniform(0.001, 0.2, POINTS)),
        concentration_in_molar=to_array(rng.uniform(0.001, 0.2, POINTS)),
    )


def check(raw: bytes) -> None:
    """Raise ValueError for an answer that is none, or of another size than the echo's."""
    potentials = from_array(pb.ComputeNernstBatchResponse.FromString(raw).potential_mv)
    if potentials.nbytes != len(BATCH_ANSWER) or not np.isfinite(potentials).all():
        raise ValueError(f"the answer holds {potentials.nbytes} bytes of potentials, {len(BATCH_ANSWER)} were asked")


async def _method(target: str, path: str) -> Callable[..., Awaitable[bytes]]:
    """A method of a channel that lives as long as the running loop; of bytes."""
    sizes = [(f"grpc.max_{way}_message_length", LARGEST_BYTES) for way in ("send", "receive")]
    channel = grpc.aio.insecure_channel(target, options=sizes)
    await channel.channel_ready()
    return channel.unary_unary(path)


async def _one(once: Once) -> bytes:
    answer: bytes = await once()
    return answer
