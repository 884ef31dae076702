"""The file of API keys: changed by one process at a time, and never seen half written."""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mfn_server.access.key_records import KeyRecord, parse, write
from mfn_server.federation.storage.durable import opened, sync_folder, write_file

Records = tuple[KeyRecord, ...]


def read(path: Path) -> Records:
    """The keys of a file; raises OSError and InvalidKeys."""
    return parse(path.read_bytes())


def change(path: Path, changed: Callable[[Records], Records]) -> None:
    """Replace the keys of a file by what `changed` makes of them; a missing file has none.

    The new file is its owner's alone. Raises OSError and InvalidKeys, and whatever `changed` raises: then the file
    stays as it was.
    """
    path = path.resolve()  # the file behind a symbolic link is replaced, not the link
    with _locked(path.with_name(f"{path.name}.lock")):
        before = read(path) if path.exists() else ()
        _replace(path, write(changed(before)))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Wait until no other process holds the lock; the kernel frees it when this one dies."""
    with opened(path, os.O_RDWR | os.O_CREAT) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def _replace(path: Path, content: bytes) -> None:
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        write_file(new, content)
        if os.geteuid() == 0 and path.exists():  # root must not take the file from the server's user
            owner = path.stat()
            os.chown(new, owner.st_uid, owner.st_gid)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    sync_folder(path.parent)
