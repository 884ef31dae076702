"""Messages between the supervisor and a worker: JSON objects with their length before them, over a Unix socket."""

import asyncio
import json
import socket
import struct
import threading
from typing import Any

Message = dict[str, Any]
LENGTH = struct.Struct("!I")
SCRAPE = "scrape"
"""What the supervisor says once it has told the worker how to begin: that it wants the metrics."""
LISTENING, WARM, METRICS = "listening", "warm", "metrics"
"""What a worker says: that it has the port, that its kernels are compiled, how its metrics stand."""


class WorkerEnd:
    """The worker's end; may be used by several threads, of which one receives."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._socket.set_inheritable(False)
        self._lock = threading.Lock()

    def receive(self) -> Message | None:
        """The next message; None when the supervisor is gone."""
        length = self._exactly(LENGTH.size)
        data = None if length is None else self._exactly(LENGTH.unpack(length)[0])
        return None if data is None else _object(data)

    def send(self, message: Message) -> None:
        """Say something; to a supervisor that is gone, nothing."""
        with self._lock:
            try:
                self._socket.sendall(encoded(message))
            except OSError:
                return

    def _exactly(self, count: int) -> bytes | None:
        data = bytearray()
        while len(data) < count:
            try:
                piece = self._socket.recv(count - len(data))
            except OSError:
                return None
            if not piece:
                return None
            data += piece
        return bytes(data)


async def received(reader: asyncio.StreamReader) -> Message | None:
    """The supervisor's end: the next message of a worker; None when it is gone."""
    try:
        (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
        return _object(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, OSError):
        return None


def encoded(message: Message) -> bytes:
    """A message as it travels. NaN and the infinities, which metrics may be, are written as Python does."""
    data = json.dumps(message, separators=(",", ":")).encode()
    return LENGTH.pack(len(data)) + data


def _object(data: bytes) -> Message:
    message: Message = json.loads(data)
    return message
