"""A way to the server that breaks: bytes are counted, and connections are cut in the midst of whatever they carry."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

PIECE = 16 * 1024
Limit = Callable[[], int]
"""How many bytes towards the server the next connection carries before it is cut."""


class Proxy:
    """Forwards connections to a port on this machine. target: where it listens. limit: by default nothing is cut.

    cuts: connections cut so far. carried: bytes that have gone to the server. held: set once bytes are held back.
    """

    def __init__(self, port: int, limit: Limit | None = None) -> None:
        self._to, self._limit = port, limit
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open = set[socket.socket]()
        self.target = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.cuts = 0
        self.carried = 0
        self._hold_at: int | None = None
        self.held, self._released = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def hold_after(self, count: int) -> None:
        """Once so many more bytes have gone to the server no more do, until `release`; `held` is set then."""
        self.held.clear()
        self._released.clear()
        self._hold_at = self.carried + count

    def release(self) -> None:
        """Let everything pass."""
        self._hold_at = None
        self._released.set()

    def cut(self) -> None:
        """Cut every open connection."""
        for each in list(self._open):
            _shut(each)

    def close(self) -> None:
        """No more connections."""
        self.release()
        _shut(self._listener)
        self._listener.close()
        self.cut()
        self._thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._to))
        except OSError:
            client.close()
            return
        with client, server:
            self._open |= {client, server}
            back = threading.Thread(target=self._back, args=(server, client), daemon=True)
            back.start()
            self._forward(client, server)
            for each in (client, server):
                _shut(each)
            back.join()
            self._open -= {client, server}

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        left = None if self._limit is None else self._limit()
        with suppress(OSError):
            while data := client.recv(PIECE):
                self._wait_if_held(len(data))
                server.sendall(data if left is None else data[:left])
                self.carried += len(data)
                if left is not None:
                    left -= len(data)
                    if left <= 0:
                        self.cuts += 1
                        return

    def _wait_if_held(self, coming: int) -> None:
        if self._hold_at is not None and self.carried + coming > self._hold_at:
            self.held.set()
            self._released.wait()

    @staticmethod
    def _back(server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(PIECE):
                client.sendall(data)
        _shut(client)  # however the server ended: a client that is not told waits


def _shut(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxied(port: int, limit: Limit | None = None) -> Iterator[Proxy]:
    """A proxy to a port, gone after the block."""
    proxy = Proxy(port, limit)
    try:
        yield proxy
    finally:
        proxy.close()
