"""The supervisor's side of one worker process."""

import asyncio
import os
import signal
import socket
import sys
from enum import StrEnum
from typing import Any

from mfn_server.processes.channel import LISTENING, METRICS, SCRAPE, WARM, Message, encoded, received
from mfn_server.processes.merging import Family, read

PROGRAM = "mfn_server.processes.worker"
SCRAPE_S = 3.0
"""How long a scrape waits for a worker: longer than that waits for its own event loop."""


class State(StrEnum):
    """How a worker stands."""

    STARTING = "starting"
    SERVING = "serving"
    SILENT = "silent"
    WAITING = "waiting"


class Handle:
    """A worker that was started. listening, warm: how far it has come. metrics: what it told of them last."""

    def __init__(self, process: asyncio.subprocess.Process, ours: asyncio.StreamWriter) -> None:
        self._process, self._ours = process, ours
        self._reading: asyncio.Task[None]
        self._asked: asyncio.Future[None] | None = None
        self.listening = self.silent = False
        self.warm = asyncio.Event()
        self.metrics: list[Family] = []

    @classmethod
    async def start(cls, begin: Message) -> "Handle":
        """Start a process of its own, with none of this one's memory, and tell it how to begin; on the main thread."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await _started(theirs.fileno())
            except OSError:
                ours.close()
                raise
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        handle = cls(process, writer)
        handle._reading = asyncio.create_task(handle._listen(reader))
        writer.write(encoded(begin))
        return handle

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    @property
    def state(self) -> State:
        """How it stands."""
        if self.silent:
            return State.SILENT
        return State.SERVING if self.warm.is_set() else State.STARTING

    async def ended(self) -> int:
        """Its exit code, the number of a signal below zero, once it has ended and all that it said is heard."""
        code = await self._process.wait()
        await self._reading
        self._ours.close()
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        if self._process.returncode is None:
            self._process.send_signal(number)

    async def scrape(self) -> None:
        """Have it tell its metrics; what it told last stays where it does not answer in time."""
        if not self.listening:
            return
        if self._asked is None:
            self._asked = asyncio.get_running_loop().create_future()
            self._ours.write(encoded({"kind": SCRAPE}))
        done, _ = await asyncio.wait([self._asked], timeout=SCRAPE_S)
        self.silent = not done

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while (message := await received(reader)) is not None:
            self._hear(message)
        self._answered()

    def _hear(self, message: dict[str, Any]) -> None:
        kind = message["kind"]
        if kind == LISTENING:
            self.listening = True
        elif kind == WARM:
            self.warm.set()
        elif kind == METRICS:
            self.metrics = read(message["families"])
            self._answered()

    def _answered(self) -> None:
        if self._asked is not None:
            self._asked.set_result(None)
            self._asked = None


async def _started(descriptor: int) -> asyncio.subprocess.Process:
    """A process that finds the modules that this one finds, and has the descriptor.

    It has a session of its own, so that Ctrl-C reaches the supervisor alone, which tells the workers.
    """
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", PROGRAM, str(descriptor)),
        pass_fds=[descriptor],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        stdin=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
