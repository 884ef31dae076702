"""That a model's values are finite, looked at a block at a time."""

from bisect import bisect_right
from collections.abc import Callable

import numpy as np

from mfn_grpc.core.limits import Violation
from mfn_grpc.tensors import Elements
from mfn_grpc.tensors.layouts import Layout
from mfn_grpc.v1 import federation_pb2 as pb

BLOCK_ELEMENTS = 2**18


def not_finite(manifest: pb.TensorManifest, read_bytes: Callable[[int, int], bytes | memoryview]) -> Violation | None:
    """The first value of a payload that is NaN or infinite, under the manifest of an upload; None when all are finite.

    read_bytes: gives the bytes start..stop of the payload. Blocks.
    """
    layout = Layout(manifest)
    elements = Elements(layout, read_bytes)
    for start in range(0, elements.size, BLOCK_ELEMENTS):
        values = elements.read(start, min(start + BLOCK_ELEMENTS, elements.size))
        finite = np.isfinite(values)
        if not finite.all():
            first = int(np.argmin(finite))
            return _violation(manifest, layout, start + first, float(values[first]))
    return None


def _violation(manifest: pb.TensorManifest, layout: Layout, element: int, value: float) -> Violation:
    tensor = bisect_right(layout.ends, element)
    within, name = element - (layout.ends[tensor - 1] if tensor else 0), manifest.tensors[tensor].name
    text = f"{name!r} holds {value} at element {within}, must hold finite values only"
    return Violation(f"begin.manifest.tensors[{tensor}]", name, text)
