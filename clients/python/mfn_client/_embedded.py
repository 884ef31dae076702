"""The server that runs inside this process when none is named, found through entry points at run time."""

import os
import threading
from importlib.metadata import entry_points
from typing import Any

from mfn_client._exceptions import NoServer

EMBEDDED_GROUP = "mfn.embedded_server"
_lock = threading.Lock()
_shared: dict[int, Any] = {}


def embedded_server(naming: str) -> Any:
    """A server that is not running yet: a context manager with `target` and `api_key` once it is entered.

    `naming` says how the caller's user names another server.

    Raises:
        NoServer: the package holds none, or something that it needs is missing.
        ValueError: its MFN_* settings are wrong.
    """
    remedy = f"There is no server to talk to: install mfn-grpc[server], or name one with {naming}."
    for entry in entry_points(group=EMBEDDED_GROUP, name="default"):
        try:
            return entry.load()()
        except ImportError as error:
            raise NoServer(f"{remedy} ({error})") from error
    raise NoServer(remedy)


def shared_server(naming: str) -> Any:
    """The running server that this process shares; started by the first caller, stopped when the process ends.

    Raises:
        NoServer, ValueError: as `embedded_server`.
    """
    process = os.getpid()  # a forked child must not use the server of its parent
    with _lock:
        if process not in _shared:
            _shared[process] = embedded_server(naming).__enter__()
            threading.Thread(target=_stop_at_the_end, args=(_shared[process],), daemon=True).start()
        return _shared[process]


def _stop_at_the_end(server: Any) -> None:
    """Python waits for the server's thread before it runs what `atexit` holds, so that the end is watched for here."""
    threading.main_thread().join()
    server.__exit__(None, None, None)
