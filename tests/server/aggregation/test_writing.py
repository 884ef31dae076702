"""Bytes on their way to the spool: in order, a bounded number at a time, and never behind the caller's back."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mfn_server.aggregation.writing import BATCH_BYTES, HELD_BYTES, Writer
from mfn_server.federation.disk import Disk
from tests.server.gates import eventually

CHUNK = bytes(256 * 1024)


class Slow:
    """An update whose bytes are taken when the test allows it."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.allowed = threading.Event()
        self.error: Exception | None = None

    def append(self, data: bytes) -> None:
        assert self.allowed.wait(60)
        if self.error is not None:
            raise self.error
        self.taken.append(data)


@pytest.fixture
async def writer() -> AsyncIterator[Writer]:
    disk = Disk()
    yield Writer(disk)
    await asyncio.to_thread(disk.close)


async def filled(writer: Writer, upload: Any) -> int:
    """Put chunks until one has to wait; how many were taken before. Lets the disk go on at the end."""
    count = 0
    while True:
        putting = asyncio.ensure_future(writer.put(upload, CHUNK))
        done, _ = await asyncio.wait((putting,), timeout=0)
        await asyncio.sleep(0)
        if not done and not putting.done():
            upload.allowed.set()
            await putting
            return count
        count += 1


async def test_a_caller_who_sends_faster_than_the_disk_takes_it_waits(writer: Writer) -> None:
    upload: Any = Slow()
    count = await filled(writer, upload)
    assert (count + 1) * len(CHUNK) == 2 * BATCH_BYTES <= HELD_BYTES
    await writer.flush()
    assert len(upload.taken) == count + 1


async def test_all_is_written_in_the_order_in_which_it_came(writer: Writer) -> None:
    upload: Any = Slow()
    upload.allowed.set()
    pieces = [bytes([k % 256]) * 100_000 for k in range(100)]
    for piece in pieces:
        await writer.put(upload, piece)
    await writer.flush()
    assert upload.taken == pieces


async def test_a_failure_of_the_disk_reaches_the_caller(writer: Writer) -> None:
    upload: Any = Slow()
    upload.error = OSError("no")
    upload.allowed.set()
    await writer.put(upload, CHUNK)
    with pytest.raises(OSError, match="no"):
        await writer.flush()
    await writer.settle()


async def test_settling_waits_for_the_thread_and_writes_nothing_more(writer: Writer) -> None:
    upload: Any = Slow()
    for _ in range(BATCH_BYTES // len(CHUNK) + 1):
        await writer.put(upload, CHUNK)
    settling = asyncio.ensure_future(writer.settle())
    await asyncio.sleep(0)
    assert not settling.done()
    upload.allowed.set()
    await settling
    assert len(upload.taken) == BATCH_BYTES // len(CHUNK)
    await writer.flush()
    await eventually(lambda: len(upload.taken) == BATCH_BYTES // len(CHUNK))
