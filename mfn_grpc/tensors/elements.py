"""From bytes to numbers, in any part of a payload."""

from bisect import bisect_right
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfn_grpc.arrays import AnyArray, ArrayError, ArrayFault
from mfn_grpc.tensors.layouts import Layout
from mfn_grpc.tensors.manifests import payload_bytes
from mfn_grpc.v1.federation_pb2 import TensorManifest
from mfn_grpc.v1.types_pb2 import ElementType

Bytes = bytes | bytearray | memoryview
ReadBytes = Callable[[int, int], Bytes]
Values = NDArray[np.float32] | NDArray[np.float64]

_PLAIN: dict[int, np.dtype[Any]] = {
    int(ElementType.ELEMENT_TYPE_FLOAT64): np.dtype("<f8"),
    int(ElementType.ELEMENT_TYPE_FLOAT32): np.dtype("<f4"),
}


class Elements:
    """All elements of a payload as one vector, of which any part is read at a time.

    manifest: faultless, or its layout where many payloads share one. read_bytes: gives the bytes start..stop of the
    payload.
    """

    def __init__(self, manifest: TensorManifest | Layout, read_bytes: ReadBytes) -> None:
        self._layout = manifest if isinstance(manifest, Layout) else Layout(manifest)
        self._read_bytes = read_bytes
        self.size = self._layout.size

    def read(self, start: int, stop: int) -> Values:
        """Elements start..stop: float32, or float64 where a FLOAT64 or INT8 tensor is among theirs.

        Within one FLOAT32 or FLOAT64 tensor a read-only view of what `read_bytes` gave, unless that is not aligned;
        otherwise a copy. INT8 elements are multiplied by their scale in float64.

        Raises:
            ValueError: a range that is not within the vector.
        """
        if 0 <= start < stop <= self.size and (values := self._view(start, stop)) is not None:
            return values
        layout, read_bytes = self._layout, self._read_bytes
        parts = [_single(layout.restored(read_bytes(s.first, s.last), s.tensor)) for s in layout.spans(start, stop)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts or [np.empty(0, np.float32)])

    def _view(self, start: int, stop: int) -> Values | None:
        """Elements of one tensor that need no work: by far the most common read, and often a short one."""
        layout = self._layout
        ends = layout.ends
        tensor = bisect_right(ends, start)
        dtype = _PLAIN.get(layout.types[tensor])
        if dtype is None or stop > ends[tensor]:
            return None
        begin, size = ends[tensor - 1] if tensor else 0, dtype.itemsize
        first = layout.offsets[tensor] + (start - begin) * size
        values: Values = np.frombuffer(self._read_bytes(first, first + (stop - start) * size), dtype)
        values.flags.writeable = False
        return values if values.flags.aligned else values.copy()


def decode(manifest: TensorManifest, payload: Bytes) -> dict[str, AnyArray]:
    """The arrays of a whole payload by name, in the manifest's order.

    FLOAT64, FLOAT32 and FLOAT16 are read-only views of the payload, BFLOAT16 becomes float32, INT8 times its scale
    float64.

    Raises:
        ArrayError: a payload of another length than the manifest's. The manifest itself must be faultless.
    """
    if len(payload) != payload_bytes(manifest):
        text = f"has {len(payload)} bytes, its manifest describes {payload_bytes(manifest)}"
        raise ArrayError([ArrayFault("payload", text)])
    layout, view = Layout(manifest), memoryview(payload).toreadonly()
    return {
        tensor.name: layout.restored(view[tensor.offset : tensor.offset + tensor.size_bytes], index).reshape(
            tuple(tensor.shape)
        )
        for index, tensor in enumerate(manifest.tensors)
    }


def _single(values: AnyArray) -> Any:
    """float16 as float32: what computes on elements knows two types."""
    return values.astype(np.float32) if values.dtype == np.float16 else values
