"""Manifests of named arrays: which types, which shapes, where each one's bytes stand."""

import math
import sys
from collections.abc import Iterator, Mapping
from itertools import accumulate

import numpy as np

from mfn_grpc.arrays import AnyArray, ArrayError, ArrayFault, element_type_of, stored_dtype
from mfn_grpc.tensors.faults import UPDATE_TYPES, manifest_faults, type_names
from mfn_grpc.v1.federation_pb2 import Tensor, TensorEncoding, TensorManifest
from mfn_grpc.v1.types_pb2 import ElementType

LARGEST_INT8 = 127
"""Symmetric: -128 is never written, so that a value and its negative are stored alike."""

TypeChoice = ElementType | Mapping[str, ElementType] | None


def manifest_of(arrays: Mapping[str, AnyArray], element_type: TypeChoice = None) -> TensorManifest:
    """The manifest under which these arrays travel, in their order.

    Args:
        arrays: Floating-point arrays by name, any shapes without an axis of length 0.
        element_type: How to store them: one type, or one for each name. Default: as their dtypes. INT8 takes for each
            tensor the scale max|x| / 127, or 1 where all elements are 0.

    Raises:
        ArrayError: names every array that cannot be stored so: dtype, shape, name, or for INT8 a value not finite.
    """
    faults = list[ArrayFault]()
    tensors = [tensor for name, values in arrays.items() if (tensor := _tensor(name, values, element_type, faults))]
    manifest = _laid_out(tensors)
    if faults or (faults := manifest_faults(manifest)):
        raise ArrayError(faults)
    return manifest


def manifest_like(
    model: TensorManifest, arrays: Mapping[str, AnyArray], element_type: ElementType | None = None
) -> TensorManifest:
    """The manifest of an update of a model: the model's names, order and shapes.

    Args:
        model: The model's manifest.
        arrays: One array for each of its tensors, in any order.
        element_type: One type for all tensors. Default: each the model's own.

    Raises:
        ArrayError: names every array that is missing, surplus, of another shape or cannot be stored so.
    """
    if faults := list(_unlike(model, arrays)):
        raise ArrayError(faults)
    own = {tensor.name: tensor.element_type for tensor in model.tensors}
    return manifest_of({name: arrays[name] for name in own}, element_type or own)


def retyped(manifest: TensorManifest, types: Mapping[str, ElementType]) -> TensorManifest:
    """The same tensors in other element types, one for each name; scales are dropped, offsets and sizes follow."""
    return _laid_out(
        [Tensor(name=each.name, element_type=types[each.name], shape=each.shape) for each in manifest.tensors]
    )


def element_types(manifest: TensorManifest) -> dict[str, ElementType]:
    """The element type of each tensor, by name."""
    return {tensor.name: tensor.element_type for tensor in manifest.tensors}


def payload_bytes(manifest: TensorManifest) -> int:
    """Length of the payload that a faultless manifest describes."""
    last = manifest.tensors[-1]
    return last.offset + last.size_bytes


def element_count(manifest: TensorManifest) -> int:
    """Elements of all tensors together."""
    return sum(math.prod(tensor.shape) for tensor in manifest.tensors)


def element_counts(manifest: TensorManifest) -> Iterator[int]:
    """For each tensor the number of elements up to its end."""
    return accumulate(math.prod(tensor.shape) for tensor in manifest.tensors)


def scale_of(tensor: Tensor) -> float:
    """What elements of an INT8 tensor are multiplied by."""
    return tensor.scale if tensor.HasField("scale") else 1.0


def _laid_out(tensors: list[Tensor]) -> TensorManifest:
    """These tensors one after the other, RAW."""
    offset = 0
    for tensor in tensors:
        tensor.encoding = TensorEncoding.TENSOR_ENCODING_RAW
        tensor.offset = offset
        tensor.size_bytes = math.prod(tensor.shape) * stored_dtype(tensor.element_type).itemsize
        offset += tensor.size_bytes
    return TensorManifest(tensors=tensors)


def _tensor(name: str, values: AnyArray, choice: TypeChoice, faults: list[ArrayFault]) -> Tensor | None:
    """The tensor of one array, without its place; None after noting why there is none."""
    values = np.asarray(values)
    field = f"tensor {name!r}"
    if values.dtype.kind != "f":
        faults.append(ArrayFault(field, f"is of {values.dtype}, must be floating point; convert it"))
        return None
    try:
        element_type = _chosen(choice, name, values)
        tensor = Tensor(name=name, element_type=element_type, shape=values.shape)
        if element_type == ElementType.ELEMENT_TYPE_INT8:
            tensor.scale = _scale(values)
    except ArrayError as error:
        faults += [ArrayFault(field, fault.description) for fault in error.faults]
        return None
    return tensor


def _chosen(choice: TypeChoice, name: str, values: AnyArray) -> ElementType:
    if choice is None:
        return element_type_of(values.dtype)
    chosen = choice[name] if isinstance(choice, Mapping) else choice
    if chosen not in UPDATE_TYPES:
        text = f"cannot be stored as {type_names([chosen])}; use one of {type_names(UPDATE_TYPES)}"
        raise ArrayError([ArrayFault("element_type", text)])
    return chosen


def _scale(values: AnyArray) -> float:
    largest = float(np.max(np.abs(values), initial=0))
    if not math.isfinite(largest):
        raise ArrayError([ArrayFault("values", "are not all finite, which INT8 cannot store")])
    scale = max(largest / LARGEST_INT8, sys.float_info.min) if largest else 1.0
    # Rounded up, the scale of the largest number there is would take its own product beyond it.
    return scale if math.isfinite(scale * LARGEST_INT8) else math.nextafter(scale, 0)


def _unlike(model: TensorManifest, arrays: Mapping[str, AnyArray]) -> Iterator[ArrayFault]:
    for tensor in model.tensors:
        if tensor.name not in arrays:
            yield ArrayFault(f"tensor {tensor.name!r}", "is missing")
        elif (shape := np.shape(arrays[tensor.name])) != tuple(tensor.shape):
            text = f"has the shape {list(shape)}, the model's has {list(tensor.shape)}"
            yield ArrayFault(f"tensor {tensor.name!r}", text)
    for name in arrays.keys() - {tensor.name for tensor in model.tensors}:
        yield ArrayFault(f"tensor {name!r}", "is none of the model's")
