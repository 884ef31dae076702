"""Where the elements of a payload stand: counted through all tensors, found by bisection, kept in a few bytes each."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mfn_grpc.arrays import AnyArray, ArrayError, ArrayFault, stored_dtype, stored_of, values_of
from mfn_grpc.tensors.manifests import LARGEST_INT8, element_counts, scale_of
from mfn_grpc.v1.federation_pb2 import TensorManifest
from mfn_grpc.v1.types_pb2 import ElementType

_INT8 = ElementType.ELEMENT_TYPE_INT8


@dataclass(frozen=True)
class Span:
    """Elements of one tensor, by its index in the manifest. first, last: their bytes in the payload."""

    tensor: int
    count: int
    first: int
    last: int


class Layout:
    """The tensors of a faultless manifest, as far as reading and writing their elements needs them.

    ends: for each tensor the number of elements up to its end. names, types, offsets, scales: of each tensor.

    Args:
        manifest: The tensors.
        like: The layout of a manifest with the same names and shapes, which then shares what does not depend on types:
            that leaves 17 bytes a tensor.
    """

    def __init__(self, manifest: TensorManifest, like: "Layout | None" = None) -> None:
        tensors = manifest.tensors
        self.ends: list[int] = list(element_counts(manifest)) if like is None else like.ends
        self.names: list[str] = [tensor.name for tensor in tensors] if like is None else like.names
        self.types = bytes(tensor.element_type for tensor in tensors)
        self.offsets = array("q", (tensor.offset for tensor in tensors))
        self.scales = array("d", map(scale_of, tensors))
        self.size = self.ends[-1]

    def spans(self, start: int, stop: int) -> Iterator[Span]:
        """The parts of elements start..stop that lie in one tensor each, in order.

        Raises:
            ValueError: a range that is not within the payload.
        """
        if not 0 <= start <= stop <= self.size:
            raise ValueError(f"elements {start} to {stop} are not within the {self.size} of the payload")
        tensor = bisect_right(self.ends, start)
        while start < stop:
            end = min(stop, self.ends[tensor])
            size = stored_dtype(self._type(tensor)).itemsize
            first = self.offsets[tensor] + (start - self._begin(tensor)) * size
            yield Span(tensor, end - start, first, first + (end - start) * size)
            start, tensor = end, tensor + 1

    def tensors_between(self, first: int, last: int) -> Iterator[tuple[int, int, int]]:
        """Which tensors have bytes first..last of the payload: index, and the elements of it that hold them."""
        tensor = max(bisect_right(self.offsets, first) - 1, 0)
        while tensor < len(self.offsets) and self.offsets[tensor] < last:
            size, offset = stored_dtype(self._type(tensor)).itemsize, self.offsets[tensor]
            count = self.ends[tensor] - self._begin(tensor)
            yield tensor, max(first - offset, 0) // size, min(-(-(last - offset) // size), count)
            tensor += 1

    def restored(self, data: bytes | bytearray | memoryview, tensor: int) -> AnyArray:
        """The values of some stored elements of a tensor; a view where they need no work."""
        element_type = self._type(tensor)
        values = values_of(np.frombuffer(data, stored_dtype(element_type)), element_type)
        if element_type == _INT8:
            with np.errstate(over="ignore"):  # whoever reads an update looks for infinities anyway
                return values.astype(np.float64) * self.scales[tensor]
        return values

    def stored(self, values: AnyArray, tensor: int) -> AnyArray:
        """Some values of a tensor as they are stored.

        Raises:
            ArrayError: a value does not fit its type; names the tensor.
        """
        element_type = self._type(tensor)
        try:
            if element_type == _INT8:
                return _quantised(values, self.scales[tensor])
            return stored_of(values, element_type)
        except ArrayError as error:
            raise ArrayError([ArrayFault(f"tensor {self.names[tensor]!r}", str(error))]) from None

    def _type(self, tensor: int) -> ElementType:
        return self.types[tensor]  # type: ignore[return-value]  # members of a protobuf enumeration are ints

    def _begin(self, tensor: int) -> int:
        return self.ends[tensor - 1] if tensor else 0


def _quantised(values: AnyArray, scale: float) -> AnyArray:
    """The nearest multiples of the scale, ties to even."""
    multiples = np.rint(np.asarray(values, np.float64) / scale)
    if not np.all(np.abs(multiples) <= LARGEST_INT8):
        raise ArrayError([ArrayFault("values", f"do not fit into INT8 with the scale {scale:g}")])
    return multiples.astype(np.int8)
