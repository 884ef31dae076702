"""Simulate float32 frames through every interceptor, against the same server with its guards and telemetry off.

Frames of 512 x 512, one a step; two server processes that take turns with one client that does not decode. Both keep
checkpoints, so that what differs is what stands around the call.
"""

import time
from collections.abc import Iterator
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any

import grpc

from benchmarks.measuring.machine import MIB
from benchmarks.measuring.process import Metered
from benchmarks.measuring.rows import Row, at_least, ratio_row
from benchmarks.measuring.timing import interleaved, ratio
from benchmarks.servers.chained_server import chained_server
from benchmarks.servers.server_process import ServerProcess
from mfn_grpc.v1 import simulation_pb2 as pb

SIMULATE = "/mfn.v1.SimulationService/Simulate"
EDGE = 512
STEPS = {True: 40, False: 150}
REPEATS = {True: 2, False: 20}
Metadata = tuple[tuple[str, str], ...]


def measure(quick: bool) -> Iterator[Row]:
    """One row."""
    with (
        chained_server() as ours,
        TemporaryDirectory(prefix="mfn-bare-") as state,
        ServerProcess(log_level="WARNING", rate_limit_enabled=False, state_dir=state) as bare,
        grpc.insecure_channel(ours.server.target) as ours_channel,
        grpc.insecure_channel(bare.target) as bare_channel,
    ):
        chain = partial(rate, ours_channel, (("x-api-key", ours.key),), STEPS[quick])
        off = partial(rate, bare_channel, (), STEPS[quick])
        chain_cpu, off_cpu = Metered(ours.server.pid, chain), Metered(bare.pid, off)
        rates = interleaved({"chain": chain_cpu, "off": off_cpu}, REPEATS[quick])
    used = ratio(chain_cpu.used, off_cpu.used).median
    yield ratio_row(
        f"Simulate, {EDGE} x {EDGE} float32 frames, through the whole chain",
        "the same with guards and telemetry off",
        ratio(rates["chain"], rates["off"]),
        f"{rates['chain'].median:,.0f} MiB/s, off {rates['off'].median:,.0f}; {used:.3f} x its processor time",
        rates,
        at_least(0.98),
    )


def rate(channel: grpc.Channel, metadata: Metadata, steps: int) -> float:
    """MiB a second of one stream."""
    spec = pb.SimulationSpec(grid=pb.Grid(shape=[EDGE, EDGE]), steps=steps, precision=pb.PRECISION_FLOAT32)
    spec.gray_scott.SetInParent()
    request = pb.SimulateRequest(spec=spec, frame_stride=1).SerializeToString()
    method: Any = channel.unary_stream(SIMULATE)
    began = time.perf_counter()
    size = sum(len(raw) for raw in method(request, metadata=metadata))
    return size / MIB / (time.perf_counter() - began)
