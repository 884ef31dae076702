"""Unary ComputeNernst through every interceptor in production settings less TLS, against a bare grpc.aio echo.

Both servers are processes of their own and take turns with one asyncio client that keeps as many calls open at either.
The chain: an API key of a keys file, rate limits, caps, logs to a file, metrics on their port, 1 % of traces exported.
Authentication is timed alone, in this process.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc
from pydantic import SecretStr

from benchmarks.measuring.calls import calls_per_second
from benchmarks.measuring.process import Metered
from benchmarks.measuring.rows import Row, at_least, at_most, ratio_row
from benchmarks.measuring.timing import Samples, interleaved, ratio
from benchmarks.servers.bare_echo import METHOD as ECHO
from benchmarks.servers.chained_server import NoAudit, chained_server, new_key
from benchmarks.servers.port_program import serving
from mfn_grpc.v1 import electrochemistry_pb2 as pb
from mfn_server.access.keys import ApiKeys, entries
from mfn_server.access.slowing import Slowing
from mfn_server.interceptors.authentication import Authentication
from mfn_server.rpc.call import Call
from mfn_server.rpc.methods import method_of
from mfn_server.secrets.sources.file import FileSource
from mfn_server.secrets.watch_list import WatchList

NERNST = "/mfn.v1.ElectrochemistryService/ComputeNernst"
REQUEST = pb.ComputeNernstRequest(z_valence=1, concentration_out_molar=0.005, concentration_in_molar=0.14)
CALLERS = 16
CALLS = {True: 160, False: 4000}
REPEATS = {True: 2, False: 20}
AUTHENTICATIONS = {True: 500, False: 20_000}


def measure(quick: bool) -> Iterator[Row]:
    """Calls a second, and microseconds of authentication."""
    with chained_server() as ours, serving("benchmarks.servers.bare_echo") as bare, asyncio.Runner() as runner:
        keyed = (("x-api-key", ours.key),)
        chain = partial(runner.run(method_at(ours.server.target, NERNST)), REQUEST, metadata=keyed)
        echo = partial(runner.run(method_at(bare.target, ECHO)), REQUEST)
        count = CALLS[quick]
        turns = {
            "chain": Metered(ours.server.pid, lambda: runner.run(calls_per_second(chain, count, CALLERS))),
            "echo": Metered(bare.pid, lambda: runner.run(calls_per_second(echo, count, CALLERS))),
        }
        rates = interleaved(turns, REPEATS[quick])
    yield _row(rates, {name: 1e6 * turn.used.median / count for name, turn in turns.items()})
    yield _authentication_row(asyncio.run(_authentication_us(AUTHENTICATIONS[quick], REPEATS[quick])))


def _row(rates: dict[str, Samples], used: dict[str, float]) -> Row:
    each = f"{rates['chain'].median:,.0f} calls/s, echo {rates['echo'].median:,.0f}"
    return ratio_row(
        "unary ComputeNernst through the whole chain",
        "a bare grpc.aio echo",
        ratio(rates["chain"], rates["echo"]),
        f"{each}; {used['chain']:.0f} us of the server's processor a call, echo {used['echo']:.0f}",
        rates,
        at_least(0.85),
    )


def _authentication_row(times: Samples) -> Row:
    return Row(
        "authentication by a key of a file",
        value=times.median,
        unit="us",
        bar=at_most(10.0),
        spread=times.spread,
        samples={"us": times.values},
    )


async def method_at(target: str, path: str) -> Callable[..., Awaitable[Any]]:
    """A method of a channel that lives as long as the running loop."""
    channel = grpc.aio.insecure_channel(target)
    await channel.channel_ready()
    serialise = pb.ComputeNernstRequest.SerializeToString
    return channel.unary_unary(path, serialise, pb.ComputeNernstResponse.FromString)


async def _authentication_us(count: int, repeats: int) -> Samples:
    """Microseconds that `Authentication` adds to a call."""
    with TemporaryDirectory(prefix="mfn-keys-") as folder:
        file, pepper = Path(folder) / "keys.json", secrets.token_hex(32)
        key = new_key(file, pepper)
        watching = WatchList()
        entered = watching.source(FileSource(file), entries, setting="api_keys_file")
        keys = ApiKeys(entered, watching.keys(SecretStr(pepper), setting="api_key_pepper"))
        authentication = Authentication([keys], True, Slowing(), NoAudit())
        timed = [await _timed(partial(authentication, _nothing), key, count) for _ in range(repeats + 1)]
        bare = [await _timed(_nothing, key, count) for _ in range(repeats + 1)]
    return Samples(tuple(1e6 * (ours - none) for ours, none in zip(timed[1:], bare[1:], strict=True)))


async def _timed(proceed: Callable[[Call], Awaitable[None]], key: str, count: int) -> float:
    """Seconds a call of `proceed`."""
    call = _call(key)
    began = time.perf_counter()
    for _ in range(count):
        await proceed(call)
    return (time.perf_counter() - began) / count


async def _nothing(call: Call) -> None:
    """The rest of the chain."""


def _call(key: str) -> Call:
    service, name = NERNST.strip("/").split("/")
    method = method_of(pb.DESCRIPTOR.services_by_name[service.split(".")[-1]].methods_by_name[name])
    nobody: Any = None  # authentication looks at the metadata and the peer alone
    requests: Sequence[bytes] = ()
    return Call(method, nobody, _none(requests), {"x-api-key": key}, peer="127.0.0.1")


async def _none(requests: Sequence[bytes]) -> Any:
    for request in requests:
        yield request
