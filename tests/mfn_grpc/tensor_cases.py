"""Arrays and manifests for the tests of tensors, and plain decoders to compare with."""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from mfn_grpc.v1.federation_pb2 import Tensor, TensorManifest
from mfn_grpc.v1.types_pb2 import ElementType

F64, F32 = ElementType.ELEMENT_TYPE_FLOAT64, ElementType.ELEMENT_TYPE_FLOAT32
F16, BF16 = ElementType.ELEMENT_TYPE_FLOAT16, ElementType.ELEMENT_TYPE_BFLOAT16
INT8 = ElementType.ELEMENT_TYPE_INT8
FORMATS = {F64: "d", F32: "f", F16: "e", INT8: "b", BF16: "H"}
SIZES = {F64: 8, F32: 4, F16: 2, BF16: 2, INT8: 1}

shapes = st.lists(st.integers(1, 7), max_size=3)
models = st.lists(st.tuples(st.sampled_from(list(FORMATS)), shapes), min_size=1, max_size=6)
"""Types and shapes of tensors."""


def manifest_by_hand(model: Sequence[tuple[ElementType, Sequence[int]]], scale: float = 0.03) -> TensorManifest:
    """A manifest laid out by a plain loop."""
    manifest, offset = TensorManifest(), 0
    for index, (element_type, shape) in enumerate(model):
        size = SIZES[element_type]
        for length in shape:
            size *= length
        tensor = manifest.tensors.add(name=f"t{index}", element_type=element_type, shape=shape, size_bytes=size)
        tensor.offset = offset
        if element_type == INT8:
            tensor.scale = scale
        offset += size
    return manifest


def values_by_hand(tensor: Tensor, payload: bytes) -> list[float]:
    """The elements of one tensor, unpacked one by one."""
    size = SIZES[tensor.element_type]
    return [
        _value(tensor, payload[at : at + size]) for at in range(tensor.offset, tensor.offset + tensor.size_bytes, size)
    ]


def _value(tensor: Tensor, data: bytes) -> float:
    if tensor.element_type == BF16:
        (value,) = struct.unpack("<f", b"\0\0" + data)
    else:
        (value,) = struct.unpack("<" + FORMATS[tensor.element_type], data)
    return float(value) * tensor.scale if tensor.element_type == INT8 else float(value)


def random_payload(manifest: TensorManifest, seed: int) -> bytes:
    """Bytes that are finite numbers in every type of the manifest."""
    draws = np.random.default_rng(seed)
    pieces = []
    for tensor in manifest.tensors:
        size = SIZES[tensor.element_type]
        bits: Any = draws.integers(0, 256, tensor.size_bytes, dtype=np.uint8).reshape(-1, size)
        if size > 1:
            bits[:, -1] &= 0xBF  # clears the upper bit of the exponent: neither infinite nor NaN
        pieces.append(bits.tobytes())
    return b"".join(pieces)
