"""Room on disk for what open rounds hold: files without a name, so that nothing of them outlives its process."""

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault
from mfn_server.uploads import DISK_FULL

PREFIX = "round-"
ALIGNMENT = 64
RETRY_S = 5.0


class SpoolFile:
    """One file of a round, read and written anywhere. Methods block; each may run on another thread.

    Where the system cannot make a file without a name, it has one for an instant: `Spool` sweeps those.
    """

    def __init__(self, directory: Path) -> None:
        self._file = TemporaryFile(buffering=0, dir=directory, prefix=PREFIX)  # noqa: SIM115  # closed by `close`
        self._lock = Lock()  # no other thread may be at work while the descriptor is given back

    def write(self, offset: int, data: bytes) -> None:
        """Put these bytes at this place; STORAGE_FULL when the disk has no room for them."""
        view = memoryview(data)
        with self._lock:
            while view:
                try:
                    written = os.pwrite(self._file.fileno(), view, offset)
                except OSError as error:
                    raise _storage_full(error) from None
                view, offset = view[written:], offset + written

    def read(self, start: int, stop: int) -> bytes:
        """Bytes start..stop, all of which were written."""
        with self._lock:
            return os.pread(self._file.fileno(), stop - start, start)

    def view(self, size: int) -> "View":
        """Its first `size` bytes, also when it is closed meanwhile. Nothing may be written any more."""
        with self._lock:
            self._file.truncate(size)  # what never came is zeros
            return View(memoryview(mmap.mmap(self._file.fileno(), size, access=mmap.ACCESS_READ)))

    def close(self) -> None:
        """Give the room back, once its views are closed."""
        with self._lock:
            self._file.close()


class View:
    """The bytes of a file, mapped, until it is closed.

    Whoever still holds it then, such as the frames of a failure, holds no room on the disk.
    """

    def __init__(self, mapped: memoryview) -> None:
        self._mapped: memoryview | None = mapped

    def read(self, start: int, stop: int) -> memoryview:
        """Bytes start..stop; ValueError once it is closed."""
        if self._mapped is None:
            raise ValueError("the round is over")
        return self._mapped[start:stop]

    def close(self) -> None:
        """Let go of the bytes."""
        self._mapped = None


class Share:
    """What one stream, or one round of it, takes of the spool."""

    def __init__(self, spool: "Spool", of: "Share | None" = None) -> None:
        self._spool, self._of = spool, of
        self.taken = 0

    def take(self, size: int) -> None:
        """Set bytes aside before they arrive; refused when the stream or the server has none left."""
        if self._of is None:
            self._spool.require(self.taken, size)
            self._spool.taken += size
        else:
            self._of.take(size)
        self.taken += size

    def give_back(self, size: int) -> None:
        """The bytes are needed no more."""
        self.taken -= size
        if self._of is None:
            self._spool.taken -= size
        else:
            self._of.give_back(size)

    @contextmanager
    def part(self) -> Iterator["Share"]:
        """A part of this share, given back whole at its end."""
        part = Share(self._spool, self)
        try:
            yield part
        finally:
            part.give_back(part.taken)


class Spool:
    """The room of one server. directory: may be shared with others. taken: bytes that open streams have set aside.

    stream_bytes, server_bytes: most that one stream and all together take. Used on the event loop, but for `open`.
    """

    def __init__(self, directory: Path, *, stream_bytes: int, server_bytes: int) -> None:
        self._directory = directory
        self._stream_bytes, self._server_bytes = stream_bytes, server_bytes
        self.taken = 0
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in directory.glob(f"{PREFIX}*"):
            path.unlink(missing_ok=True)  # the name only: a server that has it open keeps the file

    def open(self) -> SpoolFile:
        """A new file; blocks."""
        try:
            return SpoolFile(self._directory)
        except OSError as error:
            raise _storage_full(error) from None

    @contextmanager
    def share(self) -> Iterator[Share]:
        """The share of one stream, given back whole at its end."""
        with Share(self).part() as share:
            yield share

    def require(self, held: int, size: int) -> None:
        """Refuse a stream that holds `held` bytes and wants so many more, when there is no room for them."""
        if held + size > self._stream_bytes:
            text = f"{held} bytes are set aside for this stream; {size} more would exceed {self._stream_bytes}"
            remedy = "send fewer clients or smaller element types in one round"
            raise Fault(reasons.ERROR_REASON_QUOTA_EXCEEDED, f"{text}; {remedy}")
        if self.taken + size > self._server_bytes:
            text = f"other streams hold {self.taken - held} bytes of the server's {self._server_bytes} for open rounds"
            raise Fault(reasons.ERROR_REASON_OVERLOADED, f"{text}; try again later", retry_after_s=RETRY_S)


def aligned(size: int) -> int:
    """The next multiple of ALIGNMENT."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def _storage_full(error: OSError) -> Exception:
    """What a failure of the disk is to the caller; the error itself where it is the server's own fault."""
    if error.errno not in DISK_FULL:
        return error
    return Fault(reasons.ERROR_REASON_STORAGE_FULL, "the server has no room to keep the round's updates; try later")
