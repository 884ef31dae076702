"""Simulate float32 frames of 512 x 512, one species: 1 MiB a message, against a bare stream of such messages.

Two server processes take turns with one client that does not decode. What counts is the stream and not the kernel: the
seconds that as many steps take in this process are taken from the stream's time on the clock. Beside it stand the same
with all compute of the run's summary excluded (steps, the check that the state is finite, making the frames), a part of
which passes while a message is sent, and with nothing excluded.
"""

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import grpc

from benchmarks.measuring.machine import MIB
from benchmarks.measuring.process import Metered
from benchmarks.measuring.rows import Bar, Row, at_least, ratio_row
from benchmarks.measuring.timing import Samples, interleaved, ratio
from benchmarks.servers.bare_stream import GIVE
from benchmarks.servers.port_program import serving
from benchmarks.servers.server_process import ServerProcess
from benchmarks.stencils import races
from benchmarks.subjects.stream_chain import SIMULATE
from mfn_grpc.core.reaction_diffusion import Precision, Simulation
from mfn_grpc.v1 import simulation_pb2 as pb

EDGE = 512
FRAMES = {True: 40, False: 400}
REPEATS = {True: 2, False: 12}
BAR = at_least(0.85)
WHAT = f"Simulate, {EDGE} x {EDGE} float32 frames of one species"
AGAINST = "a bare stream of 1 MiB messages"


def measure(quick: bool) -> Iterator[Row]:
    """Three rows."""
    frames, computed = FRAMES[quick], list[float]()
    with (
        ServerProcess(log_level="WARNING", rate_limit_enabled=False) as server,
        serving("benchmarks.servers.bare_stream") as bare,
        grpc.insecure_channel(server.target) as ours_channel,
        grpc.insecure_channel(bare.target) as bare_channel,
    ):
        ours = Metered(server.pid, partial(_simulated, ours_channel, frames, computed))
        theirs = Metered(bare.pid, partial(_given, bare_channel, frames))
        steps = partial(_stepped, races.gray_scott(EDGE, Precision.FLOAT32), frames)
        seconds = interleaved({"ours": ours, "bare": theirs, "steps": steps}, REPEATS[quick])
    used = {"ours": ours.used.median / frames, "bare": theirs.used.median / frames}
    return iter(_rows(frames, seconds, Samples(tuple(computed[1:])), used))


def _rows(frames: int, seconds: dict[str, Samples], computed: Samples, used_s: dict[str, float]) -> list[Row]:
    """computed: seconds of compute of each of our streams. used_s: processor time of each server, a frame."""
    none = Samples((0.0,) * len(computed.values))
    used = f"{used_s['ours'] * 1e3:.2f}, bare {used_s['bare'] * 1e3:.2f}"
    bare = f"bare {frames / seconds['bare'].median:,.0f} MiB/s"
    return [
        _row("steps excluded", frames, seconds, seconds["steps"], bare, {**seconds, "compute": computed}, BAR),
        _row("compute excluded", frames, seconds, computed, bare, {}),
        _row("nothing excluded", frames, seconds, none, f"processor time of the server {used} ms a frame", {}),
    ]


def _row(
    how: str,
    frames: int,
    seconds: dict[str, Samples],
    excluded: Samples,
    figure: str,
    samples: dict[str, Samples],
    bar: Bar | None = None,
) -> Row:
    pairs = zip(seconds["ours"].values, excluded.values, strict=True)
    sent = Samples(tuple(whole - part for whole, part in pairs))
    each_ms = excluded.median / frames * 1e3
    rate = f"{frames / sent.median:,.0f} MiB/s less {each_ms:.2f} ms a frame; {figure}"
    return ratio_row(f"{WHAT}, {how}", AGAINST, ratio(seconds["bare"], sent), rate, samples, bar)


def _stepped(simulation: Simulation, steps: int) -> float:
    """Seconds of so many steps on this thread."""
    began = time.perf_counter()
    simulation.advance(steps)
    return time.perf_counter() - began


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
