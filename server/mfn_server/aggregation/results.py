"""An aggregate on its way out: encoded, hashed and kept in a file while it is computed, then sent from there."""

import hashlib
from collections.abc import AsyncGenerator
from functools import partial

from mfn_grpc.core.arrays import Array
from mfn_grpc.tensors import Encoder, chunks, payload_bytes
from mfn_grpc.v1.federation_pb2 import Chunk, TensorManifest
from mfn_server.aggregation.spool import SpoolFile, View
from mfn_server.federation.disk import Disk

SENT_AT_ONCE = 1024 * 1024


class Result:
    """One aggregate. `write` blocks: the rule calls it on the thread that computes."""

    def __init__(self, manifest: TensorManifest, file: SpoolFile) -> None:
        self.manifest, self._file = manifest, file
        self.total_bytes = payload_bytes(manifest)
        self._encoder = Encoder(manifest)
        self._digest, self._written = hashlib.sha256(), 0

    @property
    def sha256(self) -> bytes:
        """Digest of what has been written."""
        return self._digest.digest()

    def write(self, start: int, block: Array) -> None:
        """Keep the next elements; ArrayError when one does not fit its type."""
        data = self._encoder.encode(start, block)
        self._digest.update(data)
        self._file.write(self._written, data)
        self._written += len(data)

    def view(self) -> View:
        """The whole aggregate, as it was sent, for a round that starts from it; blocks."""
        return self._file.view(self.total_bytes)

    async def chunks(self, disk: Disk) -> AsyncGenerator[Chunk, None]:
        """Its bytes as they are sent."""
        for start in range(0, self.total_bytes, SENT_AT_ONCE):
            stop = min(start + SENT_AT_ONCE, self.total_bytes)
            for chunk in await disk.run(partial(self._cut, start, stop)):
                yield chunk

    def _cut(self, start: int, stop: int) -> list[Chunk]:
        return list(chunks(self._file.read, stop, start))
