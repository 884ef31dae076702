"""A federation's model, in pieces, going on where a broken stream left off; as arrays or as a file."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mfn_client._exceptions import MfnError, RpcError, StreamCorrupted, Unavailable
from mfn_client._federation_results import Federation, ModelRef
from mfn_client._resume import Backoff, is_busy
from mfn_grpc.tensors import MODEL_TYPES, ChunkError, check_chunk, decode, in_words, manifest_faults, payload_bytes
from mfn_grpc.v1 import federation_pb2 as pb

DOWNLOAD_MODEL = "/mfn.v1.FederationService/DownloadModel"
Piece = Callable[[], object]
"""Stores what just came; run where blocking is allowed, before the next message is read."""


def current_model(federation: Federation) -> ModelRef:
    """The model that a federation has now.

    Raises:
        MfnError: it has none yet.
    """
    if federation.model is None:
        raise MfnError(f"{federation.name} has no model yet: upload_model() gives it one")
    return federation.model


class ModelDownload:
    """The state of a download, and the file into which its bytes go until they are all there.

    Args:
        ref: Which model.
        backoff: Decides how long to go on after failures.
        path: Where an archive of it will be written; the bytes then wait beside it, in a file without a name. Default:
            where the system puts temporary files.
    """

    def __init__(self, ref: ModelRef, backoff: Backoff, path: str | Path | None = None) -> None:
        self._ref = pb.ModelRef(federation_uid=ref.federation_uid, version=ref.version, sha256=ref.sha256)
        self._backoff = backoff
        folder = None if path is None else Path(path).absolute().parent
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # close() closes it
        self._digest = hashlib.sha256()
        self._manifest: pb.TensorManifest | None = None
        self._size = 0
        self._announced = False

    def connect(self) -> tuple[pb.DownloadModelRequest, float | None]:
        """The request of the next stream; a download has no deadline of its own."""
        self._announced = False
        return pb.DownloadModelRequest(model=self._ref, offset=self._size), None

    def accept(self, response: pb.DownloadModelResponse) -> Piece | None:
        """Take the next message; returns what stores its bytes.

        Raises:
            StreamCorrupted: it does not follow the last one, or is damaged.
        """
        if not self._announced:
            self._begin(response)
            return None
        assert self._manifest is not None  # noqa: S101  # the announcement held it
        try:
            check_chunk(response.chunk, self._size, payload_bytes(self._manifest))
        except ChunkError as error:
            raise StreamCorrupted(f"A piece of the model is not valid: {error}") from None
        self._size += len(response.chunk.data)
        self._backoff.progress()
        return lambda: self._store(response.chunk.data)

    def _begin(self, response: pb.DownloadModelResponse) -> None:
        begin = response.begin
        if not response.HasField("begin") or begin.model != self._ref or begin.offset != self._size:
            raise StreamCorrupted(
                "The download does not begin with the model that was asked for, where it was asked for"
            )
        faults = manifest_faults(begin.manifest, MODEL_TYPES)
        if faults or payload_bytes(begin.manifest) != begin.total_bytes:
            raise StreamCorrupted(f"The model's manifest is not valid: {in_words(faults) or 'its length is another'}")
        self._manifest, self._announced = begin.manifest, True

    def _store(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)

    def failed(self, error: RpcError) -> float:
        """Seconds to wait after a stream failed; raises what the caller should see when there is no going on."""
        passes = isinstance(error, Unavailable) or is_busy(error) or error.reason == "STREAM_IDLE"
        delay = self._backoff.delay(error.retry_after) if passes else None
        if delay is None:
            raise error
        return delay

    def ended(self) -> None:
        """Everything is there.

        Raises:
            StreamCorrupted: it is not, or has another digest than the model's.
        """
        if self._manifest is None or self._size != payload_bytes(self._manifest):
            raise StreamCorrupted(f"The download ended after {self._size} bytes, before the model's end")

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The model by name: mapped from the file that holds it, read-only; BFLOAT16 becomes float32.

        Raises:
            StreamCorrupted: the bytes have another digest than the model's.
        """
        if self._manifest is None or self._digest.digest() != self._ref.sha256:
            raise StreamCorrupted("The model that came has another digest than the one asked for")
        self._file.flush()
        payload: Any = np.memmap(self._file, np.uint8, "r")
        return decode(self._manifest, memoryview(payload))

    def save(self, path: str | Path) -> Path:
        """Write the model as an .npz archive, which appears whole or not at all; raises as `arrays`."""
        target = Path(path)
        arrays: dict[str, Any] = self.arrays()
        with tempfile.NamedTemporaryFile(dir=target.absolute().parent, suffix=".npz", delete=False) as file:
            try:
                np.savez(file, **arrays)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(target)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
        return target

    def close(self) -> None:
        """Let go of the file; arrays that were handed out keep it until they are gone."""
        self._file.close()
