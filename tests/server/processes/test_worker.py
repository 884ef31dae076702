"""What a worker tells of its metrics comes in the order in which it was taken."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

from mfn_server.processes import worker
from mfn_server.processes.channel import WorkerEnd


class Recorder:
    """A collector and a lock that note what happens to them."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        self.events.append("taken")
        return iter(())

    @contextmanager
    def turn(self) -> Iterator[None]:
        self.events.append("begin")
        yield
        self.events.append("end")


def test_metrics_are_taken_and_sent_in_one_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    end, recorder, registry = WorkerEnd(theirs.detach()), Recorder(), CollectorRegistry()
    registry.register(recorder)
    monkeypatch.setattr(end, "send", lambda message: recorder.events.append(message["kind"]))
    monkeypatch.setattr(threading, "Thread", _NoThread)
    telling: Any = worker._Telling(end)
    telling._turn, telling._registry = recorder.turn(), registry
    telling.last_words()
    assert recorder.events == ["begin", "taken", "metrics", "end"]
    ours.close()


class _NoThread:
    """Nobody asks from another thread."""

    def __init__(self, **said: Any) -> None:
        self.said = said

    def start(self) -> None:
        """Nothing."""
