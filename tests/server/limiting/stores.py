"""Stores of buckets: this process's memory, and a real Redis."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mfn_server.config.rates import Rate
from mfn_server.limiting.buckets import Bucket, Buckets, Numbers

HOUR_S = 3600
PATIENCE_S = 30.0


def bucket(name: str, burst: int, count: int = 1) -> Bucket:
    """A bucket that gets back so little while a test runs that it does not matter."""
    return Bucket(name, "things", Rate(count, HOUR_S, burst))


async def take(store: Buckets, *asked: tuple[Bucket, int], subject: str = "alice") -> Numbers:
    """The numbers that the store answers with."""
    keys = [each.key(subject) for each, _ in asked]
    found = await store.take(keys, [number for each, cost in asked for number in (*each.arguments, cost)])
    assert found is not None
    return found


async def left(store: Buckets, of: Bucket, subject: str = "alice") -> int:
    """What a bucket still holds."""
    return int((await take(store, (of, 0), subject=subject))[1])


class Redis:
    """A redis-server on a free port of the loopback, which keeps nothing on disk."""

    def __init__(self, program: Path) -> None:
        self._program = program
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"

    @contextmanager
    def running(self, *options: str) -> Iterator[subprocess.Popen[bytes]]:
        """The server; ends with the block."""
        quiet = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no", *options]
        with subprocess.Popen([self._program, *quiet], stdout=subprocess.DEVNULL) as process:
            try:
                self._await()
                yield process
            finally:
                process.kill()

    def _await(self) -> None:
        with closing(socket.create_connection(self._reached())) as answer:
            answer.sendall(b"PING\r\n")
            assert answer.recv(16)

    def _reached(self) -> tuple[str, int]:
        address = "127.0.0.1", self.port
        for _ in range(int(PATIENCE_S / 0.01)):
            with closing(socket.socket()) as probe:
                if probe.connect_ex(address) == 0:
                    return address
            time.sleep(0.01)  # between two looks at a port that nothing listens on yet
        raise AssertionError(f"redis-server does not listen on {address}")
