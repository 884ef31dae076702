"""Models and updates on the wire: named tensors, one payload of bytes, in pieces.

A manifest lists the tensors in the order of their bytes. All their elements, one tensor after the other, are the vector
that aggregation works on; `Elements` reads any part of it without the rest.
"""

from mfn_grpc.tensors.chunks import CHUNK_BYTES, ChunkError, check_chunk, chunks
from mfn_grpc.tensors.elements import Elements, decode
from mfn_grpc.tensors.faults import (
    MAX_MANIFEST_BYTES,
    MAX_NAME_CHARACTERS,
    MAX_TENSORS,
    MODEL_TYPES,
    UPDATE_TYPES,
    in_words,
    manifest_faults,
    mismatch,
)
from mfn_grpc.tensors.layouts import Layout
from mfn_grpc.tensors.manifests import (
    element_count,
    element_types,
    manifest_like,
    manifest_of,
    payload_bytes,
    retyped,
)
from mfn_grpc.tensors.payload import Encoder, Payload, encode, encode_block

__all__ = [
    "CHUNK_BYTES",
    "MAX_MANIFEST_BYTES",
    "MAX_NAME_CHARACTERS",
    "MAX_TENSORS",
    "MODEL_TYPES",
    "UPDATE_TYPES",
    "ChunkError",
    "Elements",
    "Encoder",
    "Layout",
    "Payload",
    "check_chunk",
    "chunks",
    "decode",
    "element_count",
    "element_types",
    "encode",
    "encode_block",
    "in_words",
    "manifest_faults",
    "manifest_like",
    "manifest_of",
    "mismatch",
    "payload_bytes",
    "retyped",
]
