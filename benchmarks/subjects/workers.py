"""Unary ComputeNernst at a server of two worker processes, beside the same server of one.

The kernel spreads connections, not calls, over the workers, so several client processes hold several connections each.
Clients and servers share the machine: where its processors are as few as the workers, more of them can show little, and
the processor time of a call is what tells. A client is this module as a program: `python -m benchmarks.subjects.workers
TARGET CONNECTIONS CALLS` says that it is connected, and for each line of its input makes the calls and says how long
they took.
"""

import asyncio
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import grpc

from benchmarks.measuring.process import CpuClock
from benchmarks.measuring.rows import Row, ratio_row
from benchmarks.measuring.timing import interleaved, ratio
from benchmarks.servers.chained_server import chained_server
from benchmarks.servers.server_process import free_port
from mfn_grpc.v1 import electrochemistry_pb2 as pb

NERNST = "/mfn.v1.ElectrochemistryService/ComputeNernst"
REQUEST = pb.ComputeNernstRequest(z_valence=1, concentration_out_molar=0.005, concentration_in_molar=0.14)
KEY = "BENCHMARK_API_KEY"
"""The variable that hands a client its key, which a command line would show to everybody."""
CLIENTS, CONNECTIONS = 2, 8
CALLS = {True: 10, False: 250}
"""Of each connection in a turn."""
REPEATS = {True: 1, False: 6}
START_S = 120.0
LOOK_EVERY_S = 0.2


def measure(quick: bool) -> Iterator[Row]:
    """Calls a second and processor time a call."""
    calls = CALLS[quick]
    with ExitStack() as stack:
        one, two = (stack.enter_context(_loaded(count, calls)) for count in (1, 2))
        rates = interleaved({"two": two.turn, "one": one.turn}, REPEATS[quick])
        used = {"two": two.used_us, "one": one.used_us}
    told = (f"{name} {rates[name].median:,.0f} calls/s, {used[name]:.0f} us of processor a call" for name in used)
    figure = f"{'; '.join(told)}; {os.cpu_count()} processors, clients on the same"
    ratios = ratio(rates["two"], rates["one"])
    yield ratio_row("unary ComputeNernst at two workers", "one process", ratios, figure, rates)


@dataclass
class Loaded:
    """A server and the clients that are connected to it. pids: the processes that answer."""

    pids: list[int]
    clients: "list[subprocess.Popen[str]]"
    calls: int
    used_s: float = 0.0
    made: int = 0

    def turn(self) -> float:
        """Calls a second while all clients make theirs."""
        clocks = [CpuClock(pid) for pid in self.pids]
        before = sum(clock.seconds() for clock in clocks)
        for client in self.clients:
            _begin(client)
        slowest = max(float(_said(client)) for client in self.clients)
        made = len(self.clients) * CONNECTIONS * self.calls
        self.used_s += sum(clock.seconds() for clock in clocks) - before
        self.made += made
        return made / slowest

    @property
    def used_us(self) -> float:
        """Microseconds of the servers' processor a call, over all turns."""
        return 1e6 * self.used_s / self.made


@contextmanager
def _loaded(workers: int, calls: int) -> Iterator[Loaded]:
    metrics_port = free_port()
    settings: dict[str, object] = {"services": "electrochemistry", "workers": workers, "metrics_port": metrics_port}
    with chained_server(**settings) as chained, ExitStack() as stack:
        if workers > 1:
            _wait_for_workers(metrics_port, workers)
        command = [sys.executable, "-m", __spec__.name, chained.server.target, str(CONNECTIONS), str(calls)]
        start = partial(_client, stack, command, os.environ | {KEY: chained.key})
        clients = [start() for _ in range(CLIENTS)]
        for client in clients:
            _said(client)
        yield Loaded(_serving(chained.server.pid), clients, calls)


def _client(stack: ExitStack, command: list[str], environment: dict[str, str]) -> "subprocess.Popen[str]":
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    stack.enter_context(client)
    stack.callback(client.kill)
    return client


def _serving(pid: int) -> list[int]:
    """The workers of a supervisor, or the server itself where it is alone."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(child) for child in children] or [pid]


def _wait_for_workers(metrics_port: int, count: int) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics_port}/metrics", timeout=START_S) as page:
            if f'mfn_workers{{state="serving"}} {count}.0' in page.read().decode():
                return
        time.sleep(LOOK_EVERY_S)
    raise TimeoutError(f"{count} workers were not ready after {START_S:g} s")


def _begin(client: "subprocess.Popen[str]") -> None:
    if client.stdin is not None:
        client.stdin.write("go\n")
        client.stdin.flush()


def _said(client: "subprocess.Popen[str]") -> str:
    return "" if client.stdout is None else client.stdout.readline()


async def _serve_turns(target: str, connections: int, calls: int) -> None:
    """A client: its connections, and a turn for each line of its input."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    channels = [grpc.aio.insecure_channel(target, options) for _ in range(connections)]
    await asyncio.gather(*(channel.channel_ready() for channel in channels))
    print("connected", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        began = time.perf_counter()
        await asyncio.gather(*(_call(channel, calls) for channel in channels))
        print(time.perf_counter() - began, flush=True)


async def _call(channel: grpc.aio.Channel, calls: int) -> None:
    serialise: Any = pb.ComputeNernstRequest.SerializeToString
    once: Any = channel.unary_unary(NERNST, serialise, pb.ComputeNernstResponse.FromString)
    metadata = (("x-api-key", os.environ[KEY]),)
    for _ in range(calls):
        await once(REQUEST, metadata=metadata)


if __name__ == "__main__":
    asyncio.run(_serve_turns(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
