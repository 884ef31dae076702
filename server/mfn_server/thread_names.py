"""Names of threads as the system's tools show them."""

import threading
from pathlib import Path


def show_name() -> None:
    """Tell the system the name of the calling thread, cut to 15 bytes: `top -H` and the like show it. Linux only."""
    comm = Path(f"/proc/self/task/{threading.get_native_id()}/comm")
    if comm.exists():  # Python does this itself from 3.14 on
        comm.write_bytes(threading.current_thread().name.encode()[:15])
