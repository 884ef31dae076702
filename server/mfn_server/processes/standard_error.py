"""Standard error that several processes write to, each line whole."""

import fcntl
from contextlib import suppress

from mfn_server.telemetry.writing import DescriptorSink

STANDARD_ERROR = 2


class SharedSink:
    """An open file descriptor, written to by one process at a time; left open at the end.

    A pipe takes long writes in pieces, between which others could write theirs. The lock belongs to the file behind the
    descriptor and ends with its process.
    """

    def __init__(self, descriptor: int = STANDARD_ERROR) -> None:
        self._descriptor, self._sink = descriptor, DescriptorSink(descriptor)

    def write(self, data: bytes) -> None:
        """Write all of it; where the system locks no such file, without waiting for the others."""
        with suppress(OSError):
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX)
        try:
            self._sink.write(data)
        finally:
            with suppress(OSError):
                fcntl.lockf(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Others write to it, too."""
