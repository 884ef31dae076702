"""A port is this server's alone, and yet several of its processes can listen on it."""

import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from mfn_server.processes import port as ports
from mfn_server.processes.port import reserved


def listener(port: int, *, shared: bool) -> socket.socket:
    """A socket that listens, as a worker does or as another server would."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shared)
    try:
        made.bind(("127.0.0.1", port))
        made.listen()
    except OSError:
        made.close()
        raise
    return made


def test_several_may_listen_on_a_reserved_port_which_itself_takes_no_connection() -> None:
    with reserved("127.0.0.1", 0) as port:
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            pass
        with listener(port, shared=True), listener(port, shared=True):
            pass


def test_a_port_that_is_reserved_is_refused_to_a_second_server() -> None:
    with reserved("127.0.0.1", 0) as port, pytest.raises(OSError, match="in use"), reserved("127.0.0.1", port):
        pass


@pytest.mark.parametrize("shared", [False, True])
def test_a_port_on_which_somebody_listens_is_refused_also_when_they_would_share_it(shared: bool) -> None:
    with listener(0, shared=shared) as theirs:
        port = theirs.getsockname()[1]
        with pytest.raises(OSError, match="in use"), reserved("127.0.0.1", port):
            pass


def after_the_next_bind(monkeypatch: pytest.MonkeyPatch, do: Callable[[int], None]) -> None:
    """Have something done with a port that has just been bound, before anything else is said to the socket."""

    class Bound(socket.socket):
        def bind(self, address: Any) -> None:
            super().bind(address)
            if self.family == socket.AF_INET:
                monkeypatch.undo()
                do(self.getsockname()[1])

    monkeypatch.setattr(socket, "socket", Bound)


def test_of_two_servers_that_reserve_a_port_at_the_same_moment_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = list[int]()

    def reserve_too(port: int) -> None:
        with pytest.raises(OSError, match="in use"), reserved("127.0.0.1", port):
            pass
        refused.append(port)

    after_the_next_bind(monkeypatch, reserve_too)
    with pytest.MonkeyPatch.context() as impatient:
        impatient.setattr(ports, "TURN_S", 0.0)
        with reserved("127.0.0.1", 0) as port:
            assert refused == [port]


def test_who_reserves_another_port_at_the_same_moment_waits_for_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    found = list[int]()

    def reserve() -> None:
        with reserved("127.0.0.1", 0) as port:
            found.append(port)

    other = threading.Thread(target=reserve)
    after_the_next_bind(monkeypatch, lambda _: other.start())
    with reserved("127.0.0.1", 0) as port:
        other.join()
        assert found[0] != port


def test_a_port_that_was_given_back_may_be_reserved_again() -> None:
    with reserved("127.0.0.1", 0) as port:
        pass
    with reserved("127.0.0.1", port) as again:
        assert again == port


@pytest.mark.parametrize("host", ["localhost", "0.0.0.0", "::"])  # nobody listens
def test_a_name_of_several_addresses_is_reserved_at_one_port_of_all(host: str) -> None:
    with reserved(host, 0) as port, pytest.raises(OSError, match="in use"):
        listener(port, shared=False)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(OSError, match="assign"), ExitStack() as stack:
        stack.enter_context(reserved("192.0.2.1", 0))
