"""The models that a participant holds, wholly or in part: in memory, or in files that outlive the process."""

import asyncio
import hashlib
import re
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mfn_client._exceptions import StreamCorrupted
from mfn_grpc.arrays import stored_dtype, values_of
from mfn_grpc.tensors import MODEL_TYPES, ChunkError, check_chunk, decode, in_words, manifest_faults, payload_bytes
from mfn_grpc.v1 import federation_pb2 as pb

KEPT_MODELS = 2
MOST_HELD = 16
_FLUSH_BYTES = 4 * 1024 * 1024
_READ_BYTES = 1024 * 1024
_FILE = re.compile(r"(?P<uid>[A-Za-z0-9_-]+)\.(?P<version>\d+)\.(?P<sha256>[0-9a-f]{64})\.model")
Reference = tuple[str, int, bytes]


def reference(ref: pb.ModelRef) -> Reference:
    """A model's reference as a value that can be compared."""
    return ref.federation_uid, ref.version, ref.sha256


class Model:
    """The bytes of one model, as far as they came; appended to a file where there is one, else kept in memory."""

    def __init__(self, ref: pb.ModelRef, path: Path | None) -> None:
        self.ref, self.path = ref, path
        self.manifest = pb.TensorManifest()
        self.verified = False
        self._memory = bytearray()
        self._file: IO[bytes] | None = None if path is None else path.open("a+b")
        self._written = 0 if path is None else path.stat().st_size
        self._digest: Any = hashlib.sha256() if self._written == 0 else None

    @property
    def size(self) -> int:
        """Bytes that came, from the beginning."""
        return self._written + len(self._memory)

    async def begin(self, message: pb.ModelBegin) -> None:
        """Take the announcement of the bytes from an offset on.

        Raises:
            StreamCorrupted: a gap, or a manifest that cannot be.
        """
        if self.verified:  # sent again all the same: who works on it must not see it change
            return
        faults = manifest_faults(message.manifest, MODEL_TYPES)
        if faults or payload_bytes(message.manifest) != message.total_bytes:
            raise StreamCorrupted(f"A model's manifest is not valid: {in_words(faults) or 'its length is another'}")
        if message.offset > self.size:
            raise StreamCorrupted(f"A model continues at byte {message.offset}, but only {self.size} came before")
        self.manifest = message.manifest
        if message.offset < self.size:
            await asyncio.to_thread(self._cut, message.offset)
        await self._verify_when_complete()

    async def add(self, chunk: pb.Chunk) -> None:
        """Take the next piece.

        Raises:
            StreamCorrupted: it is damaged, out of order, or completes bytes of another digest than the model's.
        """
        if self.verified:
            return
        try:
            check_chunk(chunk, self.size, payload_bytes(self.manifest))
        except ChunkError as error:
            raise StreamCorrupted(f"A piece of a model is not valid: {error}") from None
        self._memory += chunk.data
        if self._file is None:
            self._digest.update(chunk.data)
        elif len(self._memory) >= _FLUSH_BYTES:
            await self.flush()
        await self._verify_when_complete()

    async def flush(self) -> None:
        """Move what is in memory to the file, where there is one."""
        if self._file is not None and self._memory:
            await asyncio.to_thread(self._append)

    def _append(self) -> None:
        assert self._file is not None  # noqa: S101  # flush() has looked
        self._file.write(self._memory)
        self._file.flush()
        if self._digest is not None:
            self._digest.update(self._memory)
        self._written += len(self._memory)
        self._memory = bytearray()

    def _cut(self, size: int) -> None:
        """Forget everything from byte `size` on; what is left is read again for its digest."""
        self.verified = False
        if self._file is None:
            self._memory = self._memory[:size]  # another one: arrays may still look at the first
            self._digest = hashlib.sha256(self._memory)
            return
        if self._memory:
            self._append()
        self._file.truncate(size)
        self._written, self._digest = size, None

    async def _verify_when_complete(self) -> None:
        if self.verified or self.size != payload_bytes(self.manifest):
            return
        await self.flush()
        if self._digest is None:
            self._digest = await asyncio.to_thread(self._digest_of_file)
        if self._digest.digest() != self.ref.sha256:
            await asyncio.to_thread(self._cut, 0)
            self._digest = hashlib.sha256()
            raise StreamCorrupted(f"Version {self.ref.version} of the model has another digest than was announced")
        self.verified = True

    def _digest_of_file(self) -> Any:
        digest, payload = hashlib.sha256(), memoryview(self._mapped("r"))
        for start in range(0, len(payload), _READ_BYTES):
            digest.update(payload[start : start + _READ_BYTES])
        return digest

    def _mapped(self, mode: Literal["r", "c"]) -> Any:
        assert self._file is not None  # noqa: S101  # callers have looked
        return np.memmap(self._file, np.uint8, mode)

    def base(self) -> dict[str, NDArray[Any]]:
        """The arrays, read-only; of a model in a file they are read from it as they are used."""
        payload = self._memory if self._file is None else self._mapped("r")
        return decode(self.manifest, memoryview(payload))

    def copies(self) -> dict[str, NDArray[Any]]:
        """The arrays, to be changed at will: of a model in a file, only what is changed takes memory."""
        payload = np.frombuffer(self._memory, np.uint8).copy() if self._file is None else self._mapped("c")
        return {tensor.name: _values(payload, tensor) for tensor in self.manifest.tensors}

    def discard(self) -> None:
        """Delete the file; arrays that were handed out stay valid."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def _values(payload: NDArray[np.uint8], tensor: pb.Tensor) -> NDArray[Any]:
    stored = payload[tensor.offset : tensor.offset + tensor.size_bytes].view(stored_dtype(tensor.element_type))
    return np.asarray(values_of(stored, tensor.element_type)).reshape(tuple(tensor.shape))


class ModelStore:
    """The newest models of a participant.

    Args:
        folder: Where they are kept for the next process. Default: nowhere.
        memory_bytes: Without a folder, larger models go to temporary files.
    """

    def __init__(self, folder: Path | None, memory_bytes: int) -> None:
        self._folder, self._memory_bytes = folder, memory_bytes
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._coming: Model | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self._models = {reference(model.ref): model for model in _found(folder)}

    def held(self) -> Iterator[pb.HeldModel]:
        """What is here, for `Join`."""
        for model in islice(self._models.values(), MOST_HELD):
            if model.size:
                yield pb.HeldModel(model=model.ref, held_bytes=model.size)

    def get(self, ref: pb.ModelRef) -> Model | None:
        """A model whose bytes are all here and verified."""
        found = self._models.get(reference(ref))
        return found if found is not None and found.verified else None

    async def begin(self, message: pb.ModelBegin) -> None:
        """Take the announcement of a model's bytes; raises as `Model.begin`."""
        key = reference(message.model)
        if key not in self._models:
            self._models[key] = Model(message.model, self._path(message))
            self._forget_old(message.model)
        self._coming = self._models[key]
        await self._coming.begin(message)

    async def add(self, chunk: pb.Chunk) -> bool:
        """Take the next piece of the model announced last; says whether it is complete. Raises as `Model.add`."""
        if self._coming is None:
            raise StreamCorrupted("A piece of a model came before its announcement")
        await self._coming.add(chunk)
        return self._coming.verified

    async def interrupt(self) -> None:
        """Keep what came of a model whose stream broke."""
        coming, self._coming = self._coming, None
        if coming is not None:
            await coming.flush()

    def close(self) -> None:
        """Delete temporary files; those in the folder stay."""
        if self._temporary is not None:
            self._temporary.cleanup()

    def scratch(self) -> Path | None:
        """Where large temporary files belong; None: where the system puts them."""
        return self._folder

    def _path(self, message: pb.ModelBegin) -> Path | None:
        ref = message.model
        name = f"{ref.federation_uid}.{ref.version}.{ref.sha256.hex()}.model"
        if _FILE.fullmatch(name) is None:
            raise StreamCorrupted("A model's reference is not valid")
        if self._folder is not None:
            return self._folder / name
        if message.total_bytes <= self._memory_bytes:
            return None
        if self._temporary is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="mfn-models-")
        return Path(self._temporary.name) / name

    def _forget_old(self, newest: pb.ModelRef) -> None:
        same = sorted(key for key in self._models if key[0] == newest.federation_uid)
        kept = {*same[-KEPT_MODELS:], reference(newest)}
        for key in [key for key in self._models if key not in kept]:
            self._models.pop(key).discard()


def _found(folder: Path | None) -> Iterator[Model]:
    """The models in a folder."""
    for path in sorted(folder.iterdir()) if folder is not None else ():
        if named := _FILE.fullmatch(path.name):
            sha256 = bytes.fromhex(named["sha256"])
            yield Model(pb.ModelRef(federation_uid=named["uid"], version=int(named["version"]), sha256=sha256), path)
