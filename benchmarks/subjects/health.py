"""How long a health Check takes while every compute thread simulates for other callers.

Four runs of 2048 x 2048 and 512 x 512 cells compete for the threads of a server process; beside it stands a bare
grpc.aio echo in a process of its own, which the same runs take the processor from. The two are called in turn, one call
at a time, from this process, over connections that are open.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import grpc

from benchmarks.measuring.process import CpuClock
from benchmarks.measuring.rows import Row, at_most
from benchmarks.servers.bare_echo import METHOD
from benchmarks.servers.port_program import serving
from benchmarks.servers.server_process import ServerProcess
from mfn_grpc.v1 import electrochemistry_pb2
from mfn_grpc.v1 import simulation_pb2 as pb

CHECK = "/grpc.health.v1.Health/Check"
RUN = "/mfn.v1.SimulationService/RunSimulation"
SERVING = b"\x08\x01"
EDGES = 2048, 512, 2048, 512
STEPS = 100_000_000
CALLS = {True: 50, False: 2000}
BAR = at_most(50.0)
PERCENT = 99
UNDER_WAY_S = 1.0
"""Processor time by which all runs have long begun."""
PATIENCE_S = 30.0
LOOK_EVERY_S = 0.01
BARE_REQUEST = electrochemistry_pb2.ComputeNernstRequest().SerializeToString()


@dataclass(frozen=True)
class Seen:
    """Milliseconds of each call, and how many processors the server used meanwhile."""

    checks: Sequence[float]
    echoes: Sequence[float]
    processors: float


def measure(quick: bool) -> Iterator[Row]:
    """One row."""
    seen = _take_turns(CALLS[quick])
    yield Row(
        "health Check while every compute thread simulates, p99",
        value=percentile(seen.checks),
        unit="ms",
        bar=BAR,
        figure=f"p50 {statistics.median(seen.checks):.1f} ms; a bare echo beside it p99 {percentile(seen.echoes):.1f}, "
        f"p50 {statistics.median(seen.echoes):.1f} ms; the server used {seen.processors:.2f} processors",
        samples={"check": seen.checks, "bare echo": seen.echoes},
    )


def percentile(values: Sequence[float], percent: int = PERCENT) -> float:
    """The value that so many percent of all do not exceed; of few values the largest."""
    return sorted(values)[-(-len(values) * percent // 100) - 1]


def _take_turns(calls: int) -> Seen:
    with (
        ServerProcess(rate_limit_enabled=False, log_level="WARNING") as server,
        serving("benchmarks.servers.bare_echo") as bare,
        grpc.insecure_channel(server.target) as ours,
        grpc.insecure_channel(bare.target) as theirs,
        _simulating(server),
    ):
        clock, began = CpuClock(server.pid), time.perf_counter()
        used, checks, echoes = clock.seconds(), list[float](), list[float]()
        check, echo = _call(ours, CHECK, b"", SERVING), _call(theirs, METHOD, BARE_REQUEST)
        for _ in range(calls + 1):
            checks.append(check())
            echoes.append(echo())
        processors = (clock.seconds() - used) / (time.perf_counter() - began)
    return Seen(checks[1:], echoes[1:], processors)  # the first calls open the connections


@contextmanager
def _simulating(server: ServerProcess) -> Iterator[None]:
    """Runs of other callers, all under way; cancelled at the end."""
    clock = CpuClock(server.pid)
    until, deadline = clock.seconds() + UNDER_WAY_S, time.monotonic() + PATIENCE_S
    with ExitStack() as stack:
        runs = list[Any]()
        for edge in EDGES:
            channel = stack.enter_context(
                grpc.insecure_channel(server.target, (("grpc.use_local_subchannel_pool", 1),))
            )
            method: Any = channel.unary_unary(RUN)
            runs.append(method.future(_endless(edge)))
            stack.callback(runs[-1].cancel)
        while clock.seconds() < until:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the runs used less than {UNDER_WAY_S:g} s of processor in {PATIENCE_S:g} s")
            time.sleep(LOOK_EVERY_S)
        yield
        if ended := [run.code() for run in runs if run.done()]:
            raise RuntimeError(f"runs that were to go on ended with {ended}")


def _endless(edge: int) -> bytes:
    spec = pb.SimulationSpec(grid=pb.Grid(shape=[edge, edge]), steps=STEPS)
    spec.gray_scott.SetInParent()
    return pb.RunSimulationRequest(spec=spec).SerializeToString()


def _call(channel: grpc.Channel, name: str, request: bytes, expected: bytes | None = None) -> Callable[[], float]:
    """What makes one call and returns its milliseconds; RuntimeError for another answer than the one expected."""
    method: Any = channel.unary_unary(name)

    def call() -> float:
        began = time.perf_counter()
        answer = method(request)
        seconds = time.perf_counter() - began
        if expected is not None and answer != expected:
            raise RuntimeError(f"{name} answered {answer!r}")
        return seconds * 1e3

    return call
