"""Streams that break, fall silent or meet trouble: nothing of them stays, on the disk or in the books."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

from mfn_grpc.tensors import UPDATE_TYPES, manifest_of
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.aggregation.inbox import Inbox
from mfn_server.aggregation.spool import View
from mfn_server.aggregation.uploads import Upload
from tests.server.aggregation.serving import (
    MIB,
    Client,
    Serving,
    begin,
    clients_of,
    finish,
    interleaved,
    one_after_another,
    outcome_of,
    run_round,
    send,
)
from tests.server.calling import refused
from tests.server.gates import eventually

if TYPE_CHECKING:
    from mfn_grpc.core.arrays import Array

MEAN = pb.AggregationPolicy(mean=pb.MeanRule(), f=0)
X = np.random.default_rng(3).standard_normal((7, 30_000))
MANIFEST, CLIENTS = clients_of(X)


def open_files(directory: Path) -> list[str]:
    """What this process holds open below a directory, named or not."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(descriptor.readlink()))
        except FileNotFoundError:
            continue  # the one that lists the others
    return [target for target in found if target.startswith(str(directory))]


def mapped_files(directory: Path) -> list[str]:
    """What this process has mapped below a directory."""
    return [line for line in Path("/proc/self/maps").read_text().splitlines() if str(directory) in line]


async def nothing_stays(server: Serving) -> None:
    """No bytes in the books, no file, no map, and no admission."""
    await eventually(lambda: server.spool.taken == 0)
    await eventually(lambda: not open_files(server.directory))
    await eventually(lambda: not mapped_files(server.directory))
    await eventually(lambda: server.runtime.admission.bytes_held == 0)
    assert list(server.directory.iterdir()) == []


async def test_files_of_an_open_round_have_no_name(server: Serving) -> None:
    call = server.open()
    await send(call, [begin(MANIFEST, MEAN), *one_after_another(CLIENTS[:1])])
    await eventually(lambda: len(open_files(server.directory)) == 2)
    assert list(server.directory.iterdir()) == []
    call.cancel()
    await nothing_stays(server)


async def test_a_cancel_while_updates_come_in_leaves_nothing(server: Serving) -> None:
    call = server.open()
    await send(call, [begin(MANIFEST, MEAN), *list(interleaved(CLIENTS))[:20]])
    await eventually(lambda: server.spool.taken > 0)
    assert call.cancel()
    await nothing_stays(server)


async def test_a_cancel_while_the_rule_works_leaves_nothing(server: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, held = threading.Event(), threading.Event()
    real = Upload.elements

    def elements(upload: Upload, spooled: View) -> Any:
        source = real(upload, spooled)
        read = source.read

        def slow(start: int, stop: int) -> Any:
            begun.set()
            assert held.wait(60)
            return read(start, stop)

        monkeypatch.setattr(source, "read", slow)
        return source

    monkeypatch.setattr(Upload, "elements", elements)
    call = server.open()
    await send(call, [begin(MANIFEST, MEAN), *one_after_another(CLIENTS), finish()])
    await asyncio.to_thread(begun.wait, 60)
    call.cancel()
    await eventually(lambda: server.spool.taken == 0)
    held.set()
    monkeypatch.undo()  # it keeps the sources
    await nothing_stays(server)


async def test_a_cancel_while_the_aggregate_is_sent_leaves_nothing(server: Serving) -> None:
    wide = np.zeros((1, 2 * MIB))
    manifest, clients = clients_of(wide)
    call = server.open()
    await send(call, [begin(manifest, MEAN), *one_after_another(clients), finish()])
    read = [(await call.read()).WhichOneof("message") for _ in range(4)]
    assert "chunk" in read
    call.cancel()
    await nothing_stays(server)


async def test_a_round_that_ends_well_leaves_its_aggregate_only_and_the_stream_that(server: Serving) -> None:
    call = server.open()
    for number in range(3):
        await send(call, [begin(MANIFEST, MEAN, number), *interleaved(CLIENTS), finish(number)])
        await outcome_of(call)
        await eventually(lambda: server.spool.taken == X[0].nbytes)
        await eventually(lambda: not open_files(server.directory) or len(mapped_files(server.directory)) == 1)
    await call.done_writing()
    await nothing_stays(server)
    assert await call.code() is grpc.StatusCode.OK


async def test_silence_in_an_open_round_ends_the_stream(serve: Any) -> None:
    server = await serve(idle_s=0.2)
    call = server.open()
    await send(call, [begin(MANIFEST, MEAN), *one_after_another(CLIENTS[:2])])
    refusal = await refused(call)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.ABORTED, "STREAM_IDLE")
    assert "0.2 s" in refusal.message
    await nothing_stays(server)


async def test_silence_between_rounds_may_last(server: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    allowed, real = list[float | None](), Inbox.next

    async def noted(inbox: Inbox[Any], idle_s: float | None) -> Any:
        allowed.append(idle_s)
        return await real(inbox, idle_s)

    monkeypatch.setattr(Inbox, "next", noted)
    call = server.open()
    for number in range(2):
        await send(call, [begin(MANIFEST, MEAN, number), CLIENTS[0].begin(), *CLIENTS[0].chunks(), finish(number)])
        await outcome_of(call)
    await call.done_writing()
    await nothing_stays(server)
    in_round = [60.0] * (2 + len(list(CLIENTS[0].chunks())))
    assert allowed == [None, *in_round, None, *in_round, None]


@pytest.mark.parametrize("opened", [False, True])
async def test_a_server_that_shuts_down_ends_the_stream(server: Serving, opened: bool) -> None:
    call = server.open()
    if opened:
        await send(call, [begin(MANIFEST, MEAN), CLIENTS[0].begin()])
        await eventually(lambda: server.spool.taken > 0)
    else:
        await call.wait_for_connection()
        await eventually(lambda: server.runtime.admission.streams == 1)
    server.runtime.draining.set()
    refusal = await refused(call)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")
    await nothing_stays(server)


async def test_a_full_disk_is_said_plainly_and_leaves_nothing(server: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    call = server.open()
    await send(call, [begin(MANIFEST, MEAN), CLIENTS[0].begin()])
    await eventually(lambda: server.spool.taken > 0)
    with monkeypatch.context() as patched:
        patched.setattr("mfn_server.aggregation.spool.os.pwrite", full)
        await send(call, CLIENTS[0].chunks())
        refusal = await refused(call)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "STORAGE_FULL")
    await nothing_stays(server)


async def test_a_fault_of_the_disk_is_the_servers_own(server: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> int:
        raise OSError(errno.EIO, "Input/output error")

    call = server.open()
    await send(call, [begin(MANIFEST, MEAN), CLIENTS[0].begin()])
    await eventually(lambda: server.spool.taken > 0)
    with monkeypatch.context() as patched:
        patched.setattr("mfn_server.aggregation.spool.os.pwrite", broken)
        await send(call, CLIENTS[0].chunks())
        assert (await refused(call)).reason == "INTERNAL"
    await nothing_stays(server)


async def test_a_deadline_that_comes_before_the_aggregate_is_told(
    server: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = server.open()
    await send(call, [begin(MANIFEST, MEAN), *one_after_another(CLIENTS)])
    await eventually(lambda: server.spool.taken > 0)
    monkeypatch.setattr("mfn_server.runtime.ANSWER_MARGIN_S", 1000.0)
    await send(call, [finish()])
    assert (await refused(call)).reason == "DEADLINE_TOO_SHORT"
    await nothing_stays(server)


KILLED = """
import sys, time
from pathlib import Path
from mfn_server.aggregation.spool import Spool
file = Spool(Path(sys.argv[1]), stream_bytes=2**20, server_bytes=2**20).open()
file.write(0, bytes(2**20))
print("written", flush=True)
time.sleep(600)
"""


def test_a_process_that_is_killed_leaves_no_file(tmp_path: Path) -> None:
    path = os.pathsep.join(sys.path)
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        process.send_signal(signal.SIGKILL)
    assert list(tmp_path.iterdir()) == []


def every_type() -> Iterator[list[pb.AggregateRequest]]:
    """Rounds in every type of element, with shapes that make views, copies and parts of both."""
    for element_type in UPDATE_TYPES:
        manifest, clients = clients_of(X[:5, :40], element_type)
        yield [*one_after_another(clients), begin(manifest)]
    mixed: dict[str, Array] = {"a": np.zeros(3, np.float32), "b": np.zeros(3), "c": np.zeros(3, np.float16)}
    manifest = manifest_of(mixed)
    yield [*one_after_another([Client(f"{k}", bytes(42)) for k in range(5)]), begin(manifest)]


async def test_no_kernel_is_compiled_outside_the_warm_up(server: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = set[str]()
    compile_ = Dispatcher.compile

    def noted(self: Any, signature: Any) -> Any:
        wanted.add(f"{self.py_func.__qualname__}{signature}")
        return compile_(self, signature)

    monkeypatch.setattr(Dispatcher, "compile", noted)
    for *messages, opening in every_type():
        for rule in ("trimmed_mean", "coordinate_median", "krum", "bulyan", "geometric_median", "mean"):
            policy = pb.AggregationPolicy(f=0)
            getattr(policy, rule).SetInParent()
            round_ = pb.AggregateRequest()
            round_.CopyFrom(opening)
            round_.begin.aggregation.CopyFrom(policy)
            await run_round(server, [round_, *messages, finish()])
    assert wanted == set()
