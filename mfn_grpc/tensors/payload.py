"""From numbers to bytes: whole models from any byte on, or one block of elements after the other."""

import hashlib
from collections.abc import Iterator, Mapping

import numpy as np

from mfn_grpc.arrays import AnyArray, ArrayError, ArrayFault
from mfn_grpc.tensors.elements import Values
from mfn_grpc.tensors.layouts import Layout
from mfn_grpc.tensors.manifests import payload_bytes
from mfn_grpc.v1.federation_pb2 import Tensor, TensorManifest

PIECE_BYTES = 1024 * 1024


class Payload:
    """Arrays as the bytes of their manifest, read from any place: nothing of the model's size is held twice.

    manifest: of these arrays, as `manifest_of` or `manifest_like` makes it. arrays: must not change meanwhile.

    Raises:
        ArrayError: an array that is missing or of another shape than the manifest says.
    """

    def __init__(self, manifest: TensorManifest, arrays: Mapping[str, AnyArray]) -> None:
        self.manifest = manifest
        self.size = payload_bytes(manifest)
        self._layout = Layout(manifest)
        self._flat = [_flat(tensor, arrays) for tensor in manifest.tensors]

    def read(self, start: int, stop: int) -> bytes:
        """Bytes start..stop; both within the payload.

        Raises:
            ArrayError: a value does not fit its type; names the tensor.
        """
        met = self._layout.tensors_between(start, stop)
        return b"".join(self._bytes_of(*each, start, stop) for each in met)

    def pieces(self, start: int = 0) -> Iterator[bytes]:
        """All bytes from `start` on, about 1 MiB at a time; raises as `read`."""
        for begin in range(start, self.size, PIECE_BYTES):
            yield self.read(begin, min(begin + PIECE_BYTES, self.size))

    def sha256(self) -> bytes:
        """SHA-256 of all bytes: 32 bytes; raises as `read`."""
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        return digest.digest()

    def _bytes_of(self, tensor: int, begin: int, end: int, start: int, stop: int) -> memoryview:
        """Those of bytes start..stop that elements begin..end of a tensor hold."""
        elements = self._layout.stored(self._flat[tensor][begin:end], tensor)
        first = self._layout.offsets[tensor] + begin * elements.itemsize
        return elements.view(np.uint8).data[max(start - first, 0) : stop - first]


class Encoder:
    """Makes the bytes of a payload from its elements, a block at a time.

    manifest: faultless.
    """

    def __init__(self, manifest: TensorManifest) -> None:
        self._layout = Layout(manifest)

    def encode(self, start: int, block: Values) -> bytes:
        """The bytes of elements start.. of the payload, rounded to nearest even where their types are narrower.

        Raises:
            ArrayError: a value does not fit its type; names the tensor.
            ValueError: elements that are not within the payload.
        """
        done, pieces = 0, []
        for span in self._layout.spans(start, start + len(block)):
            pieces.append(self._layout.stored(block[done : done + span.count], span.tensor).tobytes())
            done += span.count
        return b"".join(pieces)


def encode(arrays: Mapping[str, AnyArray], manifest: TensorManifest) -> Iterator[bytes]:
    """The payload of these arrays under their manifest, about 1 MiB at a time.

    Raises:
        ArrayError: an array does not fit the manifest in shape, or a value its type; names the tensor.
    """
    return Payload(manifest, arrays).pieces()


def encode_block(manifest: TensorManifest, start: int, block: Values) -> bytes:
    """One block as `Encoder` makes it; for many blocks of one payload use that."""
    return Encoder(manifest).encode(start, block)


def _flat(tensor: Tensor, arrays: Mapping[str, AnyArray]) -> AnyArray:
    if tensor.name not in arrays or np.shape(arrays[tensor.name]) != tuple(tensor.shape):
        text = f"is not there in the shape {list(tensor.shape)} that its manifest says"
        raise ArrayError([ArrayFault(f"tensor {tensor.name!r}", text)])
    return np.asarray(arrays[tensor.name]).reshape(-1)
