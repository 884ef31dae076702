"""The server inside this process: found, shared, and stopped in time."""

import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from mfn_client import NoServer, _embedded
from mfn_client._embedded import embedded_server, shared_server

STARTED: list["FakeEmbedded"] = []


class FakeEmbedded:
    """What an entry point makes; counts its kind."""

    def __init__(self) -> None:
        self.target, self.api_key, self.running = "127.0.0.1:1", "k", False
        STARTED.append(self)

    def __enter__(self) -> "FakeEmbedded":
        self.running = True
        return self

    def __exit__(self, *_: object) -> None:
        self.running = False


class Entry:
    def __init__(self, value: Any) -> None:
        self._value = value

    def load(self) -> Any:
        if isinstance(self._value, Exception):
            raise self._value
        return self._value


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Entry]:
    """The entry points that there are, to be filled; nothing is shared yet."""
    entries: list[Entry] = []
    monkeypatch.setattr(_embedded, "entry_points", lambda **_: entries)
    monkeypatch.setattr(_embedded, "_shared", {})
    STARTED.clear()
    return entries


def test_a_server_is_made_but_not_started(found: list[Entry]) -> None:
    found.append(Entry(FakeEmbedded))
    assert not embedded_server("it").running


@pytest.mark.parametrize(("entry", "word"), [(None, r"it\.$"), (Entry(ImportError("no numba")), r"it\. \(no numba\)")])
def test_without_one_the_remedy_is_named(found: list[Entry], entry: Entry | None, word: str) -> None:
    found.extend([entry] if entry else [])
    with pytest.raises(NoServer, match=r"install mfn-grpc\[server\], or name one with " + word):
        shared_server("it")


def test_every_caller_gets_the_same_running_server(found: list[Entry]) -> None:
    found.append(Entry(FakeEmbedded))
    got: list[Any] = []
    threads = [threading.Thread(target=lambda: got.append(shared_server("it"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert len(STARTED) == 1
    assert all(each is STARTED[0] and each.running for each in got)


def test_another_process_has_a_server_of_its_own(found: list[Entry], monkeypatch: pytest.MonkeyPatch) -> None:
    found.append(Entry(FakeEmbedded))
    first = shared_server("it")
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert shared_server("it") is not first


def test_a_server_that_could_not_start_is_tried_again(found: list[Entry]) -> None:
    found.append(Entry(ImportError("no numba")))
    with pytest.raises(NoServer):
        shared_server("it")
    found[:] = [Entry(FakeEmbedded)]
    assert shared_server("it").running


PROGRAM = """
import threading
from mfn_client import _embedded

class Embedded:
    def __enter__(self):
        self.stop = threading.Event()
        threading.Thread(target=lambda: (self.stop.wait(), print("stopped", flush=True))).start()
        return self
    def __exit__(self, *_):
        self.stop.set()

class Entry:
    def load(self):
        return Embedded

_embedded.entry_points = lambda **_: [Entry()]
_embedded.shared_server("it")
print("end of the program", flush=True)
"""


def test_the_end_of_the_program_stops_the_server_whose_thread_python_waits_for() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "end of the program\nstopped\n"
