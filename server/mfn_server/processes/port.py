"""A port that several processes of this server may listen on, and no other server."""

import errno
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

EVERY_ADDRESS = {"0.0.0.0", "::"}  # noqa: S104  # nosec B104  # compared with, not listened on
ATTEMPTS = 16
"""How many free ports are tried where one must be free at several addresses."""
ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
TURN = "\0mfn-grpc: reserving a port"
"""The name of a Unix socket that one process of the machine can have at a time; it belongs to no folder."""
TURN_S, LOOK_EVERY_S = 10.0, 0.01
"""How long to wait for the others that reserve a port, each of which takes far less than a millisecond."""


@contextmanager
def reserved(host: str, port: int) -> Iterator[int]:
    """The port, kept for this server's processes while the context is entered; 0 takes a free one.

    Raises OSError when another server has it.
    """
    addresses = _addresses(host)
    for attempts_left in reversed(range(ATTEMPTS)):
        with ExitStack() as sockets:
            try:
                with _turn():
                    found = _reserve(host, addresses, port, sockets)
            except OSError as error:
                if error.errno == errno.EADDRINUSE and port == 0 and attempts_left:
                    continue
                raise
            yield found
            return


@contextmanager
def _turn() -> Iterator[None]:
    """While it is entered, no other process reserves a port.

    Between the binding of a socket and the end of its SO_REUSEADDR another could be bound to the same port.
    """
    deadline = time.monotonic() + TURN_S
    with socket.socket(socket.AF_UNIX) as turn:
        while True:
            try:
                turn.bind(TURN)
                break
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
                    raise
            time.sleep(LOOK_EVERY_S)
        yield


def _reserve(host: str, addresses: Sequence[tuple[socket.AddressFamily, str]], port: int, sockets: ExitStack) -> int:
    last: OSError | None = None
    found = port
    held = 0
    for family, address in addresses:
        try:
            kept = sockets.enter_context(_bound(family, address, found))
        except OSError as error:
            if error.errno not in ABSENT:
                raise
            last = error
            continue
        found, held = kept.getsockname()[1], held + 1
    if not held:
        raise last or OSError(errno.EADDRNOTAVAIL, f"{host} is no address of this machine")
    return found


def _addresses(host: str) -> list[tuple[socket.AddressFamily, str]]:
    """Where grpc listens for a host: an address that stands for all of them it takes for both families."""
    if host in EVERY_ADDRESS:
        return [(socket.AF_INET6, "::"), (socket.AF_INET, "0.0.0.0")]  # noqa: S104  # nosec B104  # as told
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def _bound(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    """A socket that never listens, so that it gets no connection.

    It is bound alone, which fails where anybody listens; only then is the port opened to those that say SO_REUSEPORT,
    as this server's processes do. A second reservation says so too late, and is refused.
    """
    kept = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            kept.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of the server before are no obstacle
        kept.bind((address, port))
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    except OSError:
        kept.close()
        raise
    return kept
