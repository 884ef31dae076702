"""Simulate float32 frames of 512 x 512, one species: 1 MiB a message, against a bare stream of such messages.

Two server processes take turns with one client that does not decode. What counts is the stream and not the kernel: the
seconds of compute that the run's summary reports, which are those of the steps and of making the frames, are taken from
its time on the clock. Part of them passes while a message is sent, so the same without that stands beside it.
"""

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import grpc

from benchmarks.measuring.machine import MIB
from benchmarks.measuring.process import Metered
from benchmarks.measuring.rows import Row, at_least
from benchmarks.measuring.timing import Samples, interleaved, ratio
from benchmarks.servers.bare_stream import GIVE
from benchmarks.servers.port_program import serving
from benchmarks.servers.server_process import ServerProcess
from benchmarks.subjects.stream_chain import SIMULATE
from mfn_grpc.v1 import simulation_pb2 as pb

EDGE = 512
FRAMES = {True: 40, False: 400}
REPEATS = {True: 2, False: 12}
BAR = at_least(0.85)
WHAT = f"Simulate, {EDGE} x {EDGE} float32 frames of one species"
AGAINST = "a bare stream of 1 MiB messages"


def measure(quick: bool) -> Iterator[Row]:
    """Two rows."""
    frames, computed = FRAMES[quick], list[float]()
    with (
        ServerProcess(log_level="WARNING", rate_limit_enabled=False) as server,
        serving("benchmarks.servers.bare_stream") as bare,
        grpc.insecure_channel(server.target) as ours_channel,
        grpc.insecure_channel(bare.target) as bare_channel,
    ):
        ours = Metered(server.pid, partial(_simulated, ours_channel, frames, computed))
        theirs = Metered(bare.pid, partial(_given, bare_channel, frames))
        seconds = interleaved({"ours": ours, "bare": theirs}, REPEATS[quick])
    used = {"ours": ours.used.median / frames, "bare": theirs.used.median / frames}
    return iter(_rows(frames, seconds, Samples(tuple(computed[1:])), used))


def _rows(frames: int, seconds: dict[str, Samples], computed: Samples, used_s: dict[str, float]) -> list[Row]:
    """computed: seconds of compute of each of our streams. used_s: processor time of each server, a frame."""
    pairs = zip(seconds["ours"].values, computed.values, strict=True)
    sent = Samples(tuple(whole - part for whole, part in pairs))
    excluded, included = ratio(seconds["bare"], sent), ratio(seconds["bare"], seconds["ours"])
    rates = {name: frames / each.median for name, each in {**seconds, "sent": sent}.items()}
    compute_ms, used = computed.median / frames * 1e3, f"{used_s['ours'] * 1e3:.2f}, bare {used_s['bare'] * 1e3:.2f}"
    return [
        Row(
            f"{WHAT}, compute excluded",
            AGAINST,
            value=excluded.median,
            unit="x",
            bar=BAR,
            spread=excluded.spread,
            figure=f"{rates['sent']:,.0f} MiB/s, bare {rates['bare']:,.0f}; compute {compute_ms:.2f} ms a frame",
            samples={**{name: each.values for name, each in seconds.items()}, "compute": computed.values},
        ),
        Row(
            f"{WHAT}, compute included",
            AGAINST,
            value=included.median,
            unit="x",
            spread=included.spread,
            figure=f"{rates['ours']:,.0f} MiB/s; processor time of the server {used} ms a frame",
        ),
    ]


def _simulated(channel: grpc.Channel, frames: int, computed: list[float]) -> float:
    """Seconds of a stream of so many frames, from the call to its end; its seconds of compute go to `computed`."""
    method: Any = channel.unary_stream(SIMULATE)
    began, sizes, raw = time.perf_counter(), list[int](), b""
    for raw in method(_request(frames)):
        sizes.append(len(raw))
    seconds = time.perf_counter() - began
    _require(frames, sum(size >= MIB for size in sizes))
    computed.append(pb.SimulateResponse.FromString(raw).summary.compute_seconds)
    return seconds


def _request(frames: int) -> bytes:
    spec = pb.SimulationSpec(grid=pb.Grid(shape=[EDGE, EDGE]), steps=frames - 1, precision=pb.PRECISION_FLOAT32)
    spec.gray_scott.SetInParent()
    options = pb.FrameOptions(species=["u"])
    return pb.SimulateRequest(spec=spec, frame_stride=1, frame_options=options).SerializeToString()


def _given(channel: grpc.Channel, count: int) -> float:
    """Seconds of a bare stream of so many messages."""
    method: Any = channel.unary_stream(GIVE)
    began = time.perf_counter()
    came = sum(len(raw) == MIB for raw in method(b"%d %d" % (count, MIB)))
    seconds = time.perf_counter() - began
    _require(count, came)
    return seconds


def _require(expected: int, came: int) -> None:
    if came != expected:
        raise RuntimeError(f"{came} messages of 1 MiB came of {expected}")
