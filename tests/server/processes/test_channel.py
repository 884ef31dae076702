"""What supervisor and worker say to each other arrives whole, and the end of one is seen by the other."""

import asyncio
import socket
import threading
from typing import Any

import pytest

from mfn_server.processes.channel import WorkerEnd, encoded, received


@pytest.fixture
def ends() -> tuple[socket.socket, WorkerEnd]:
    """The supervisor's socket, and the worker's end."""
    ours, theirs = socket.socketpair()
    return ours, WorkerEnd(theirs.detach())


def test_a_worker_receives_messages_of_any_length_one_by_one(ends: tuple[socket.socket, WorkerEnd]) -> None:
    supervisor, worker = ends
    messages: list[dict[str, Any]] = [{"kind": "begin", "text": "ä" * 300_000}, {}, {"kind": "scrape"}]
    data = b"".join(map(encoded, messages))
    sending = threading.Thread(target=supervisor.sendall, args=(data,))  # more than the socket holds
    sending.start()
    assert [worker.receive() for _ in messages] == messages
    sending.join()
    supervisor.close()
    assert worker.receive() is None


async def test_the_supervisor_receives_what_several_threads_of_a_worker_say(
    ends: tuple[socket.socket, WorkerEnd],
) -> None:
    supervisor, worker = ends
    reader, writer = await asyncio.open_unix_connection(sock=supervisor)
    texts = [letter * 100_000 for letter in "abcd"]
    sending = [threading.Thread(target=worker.send, args=({"text": text},)) for text in texts]
    for thread in sending:
        thread.start()
    found = [await received(reader) for _ in texts]
    assert sorted(message["text"] for message in found if message) == texts
    writer.close()


async def test_a_message_that_breaks_off_is_the_end(ends: tuple[socket.socket, WorkerEnd]) -> None:
    supervisor, _ = ends
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_unix_connection(sock=ours)
    theirs.sendall(encoded({"kind": "metrics"})[:-1])
    theirs.close()
    assert await received(reader) is None
    writer.close()
    supervisor.close()


def test_what_is_said_to_a_supervisor_that_is_gone_is_lost_without_an_error(
    ends: tuple[socket.socket, WorkerEnd],
) -> None:
    supervisor, worker = ends
    supervisor.close()
    worker.send({"kind": "warm"})
    assert worker.receive() is None
