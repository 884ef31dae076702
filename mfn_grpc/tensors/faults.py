"""What can be wrong with a manifest: by itself, and beside the model's."""

import math
from collections.abc import Collection, Iterable, Iterator, Sequence

from mfn_grpc.arrays import MAX_AXES, ArrayFault, stored_dtype
from mfn_grpc.v1.federation_pb2 import Tensor, TensorEncoding, TensorManifest
from mfn_grpc.v1.types_pb2 import ElementType

MAX_TENSORS = 10_000
"""Most tensors in one manifest."""

MAX_MANIFEST_BYTES = 1024 * 1024
"""Most bytes of one manifest, serialised."""

MAX_NAME_CHARACTERS = 256
"""Most characters of a tensor's name."""

MODEL_TYPES = (
    ElementType.ELEMENT_TYPE_FLOAT64,
    ElementType.ELEMENT_TYPE_FLOAT32,
    ElementType.ELEMENT_TYPE_FLOAT16,
    ElementType.ELEMENT_TYPE_BFLOAT16,
)
"""What models are made of."""

UPDATE_TYPES = (*MODEL_TYPES, ElementType.ELEMENT_TYPE_INT8)
"""What updates are made of: INT8 comes with a scale."""

_ENCODINGS = (TensorEncoding.TENSOR_ENCODING_UNSPECIFIED, TensorEncoding.TENSOR_ENCODING_RAW)
_MOST_BYTES = 2**63 - 1


def manifest_faults(manifest: TensorManifest, accepted: Collection[ElementType] = UPDATE_TYPES) -> list[ArrayFault]:
    """Everything that is wrong with a manifest, each fault under its path on the wire, such as tensors[3].offset.

    Args:
        manifest: As it came.
        accepted: Element types that are allowed here.
    """
    size, count = manifest.ByteSize(), len(manifest.tensors)
    if size > MAX_MANIFEST_BYTES:
        return [ArrayFault("tensors", f"make {size} bytes serialised, at most {MAX_MANIFEST_BYTES} are allowed")]
    if not 1 <= count <= MAX_TENSORS:
        return [ArrayFault("tensors", f"has {count} entries, must have 1 to {MAX_TENSORS}")]
    faults = []
    names, end = dict[str, int](), 0
    for index, tensor in enumerate(manifest.tensors):
        own = [*_name_faults(tensor, names.setdefault(tensor.name, index), index), *_form_faults(tensor, accepted)]
        if tensor.offset != end:
            own.append(ArrayFault("offset", f"is {tensor.offset}, must be {end}, where the tensor before it ends"))
        # Beside a gap that was named, the next tensor is judged by this one.
        end = tensor.offset + tensor.size_bytes
        faults += [ArrayFault(f"tensors[{index}].{fault.field}", fault.description) for fault in own]
    return faults


def mismatch(
    manifest: TensorManifest, model: TensorManifest, accepted: Collection[ElementType] | None = None
) -> list[ArrayFault]:
    """How an update's tensors differ from the model's; empty when they are the same.

    Args:
        manifest: The update's; free of faults by itself.
        model: The model's, or the round's.
        accepted: Types that the update may have. Default: for each tensor the model's own.
    """
    if len(manifest.tensors) != len(model.tensors):
        text = f"has {len(manifest.tensors)} entries, the model has {len(model.tensors)}"
        return [ArrayFault("tensors", text)]
    return [
        ArrayFault(f"tensors[{index}].{fault.field}", fault.description)
        for index, (tensor, expected) in enumerate(zip(manifest.tensors, model.tensors, strict=True))
        for fault in _differences(tensor, expected, accepted or (expected.element_type,))
    ]


def in_words(faults: Sequence[ArrayFault], most: int = 3) -> str:
    """The first of some faults in one line, and how many others there are."""
    others = f"; and {len(faults) - most} more" if len(faults) > most else ""
    return "; ".join(map(str, faults[:most])) + others


def type_names(types: Iterable[int]) -> str:
    """Element types as the contract names them, without their prefix."""
    known = ElementType.values()
    names = (ElementType.Name(each) if each in known else str(each) for each in types)
    return ", ".join(name.removeprefix("ELEMENT_TYPE_") for name in names)


def _differences(tensor: Tensor, expected: Tensor, accepted: Collection[ElementType]) -> Iterator[ArrayFault]:
    if tensor.name != expected.name:
        yield ArrayFault("name", f"is {tensor.name!r}, the model's is {expected.name!r}")
    if tensor.element_type not in accepted:
        yield ArrayFault("element_type", f"is {type_names([tensor.element_type])}, must be {type_names(accepted)}")
    if tensor.shape != expected.shape:
        text = f"of {expected.name!r} is {list(tensor.shape)}, the model's is {list(expected.shape)}"
        yield ArrayFault("shape", text)


def _name_faults(tensor: Tensor, first: int, index: int) -> Iterator[ArrayFault]:
    if not 1 <= len(tensor.name) <= MAX_NAME_CHARACTERS:
        text = f"has {len(tensor.name)} characters, must have 1 to {MAX_NAME_CHARACTERS}"
        yield ArrayFault("name", text)
    if first != index:
        yield ArrayFault("name", f"is {tensor.name!r}, the name of tensors[{first}]; names must be unique")


def _form_faults(tensor: Tensor, accepted: Collection[ElementType]) -> list[ArrayFault]:
    faults = [*_shape_faults(tensor), *_scale_faults(tensor)]
    known = tensor.element_type in accepted
    if not known:
        text = f"is {type_names([tensor.element_type])}, must be one of {type_names(accepted)}"
        faults.append(ArrayFault("element_type", text))
    if tensor.encoding not in _ENCODINGS:
        faults.append(ArrayFault("encoding", f"is {int(tensor.encoding)}, must be RAW"))
    elif known and not any(fault.field.startswith("shape") for fault in faults):
        faults += _size_faults(tensor)
    return faults


def _shape_faults(tensor: Tensor) -> Iterator[ArrayFault]:
    if len(tensor.shape) > MAX_AXES:
        yield ArrayFault("shape", f"has {len(tensor.shape)} axes, at most {MAX_AXES} are allowed")
        return
    for axis, length in enumerate(tensor.shape):
        if length < 1:
            yield ArrayFault(f"shape[{axis}]", f"is {length}, must be 1 or more")


def _scale_faults(tensor: Tensor) -> Iterator[ArrayFault]:
    if not tensor.HasField("scale"):
        return
    if tensor.element_type != ElementType.ELEMENT_TYPE_INT8:
        yield ArrayFault("scale", f"is {tensor.scale:g}, must be left out: only INT8 has one")
    elif not (math.isfinite(tensor.scale) and tensor.scale > 0):
        yield ArrayFault("scale", f"is {tensor.scale:g}, must be above 0 and finite")


def _size_faults(tensor: Tensor) -> Iterator[ArrayFault]:
    needed = math.prod(tensor.shape) * stored_dtype(tensor.element_type).itemsize
    if tensor.offset + needed > _MOST_BYTES:
        yield ArrayFault("shape", f"{list(tensor.shape)} is too large to address")
    elif tensor.size_bytes != needed:
        text = (
            f"is {tensor.size_bytes}, shape {list(tensor.shape)} of {type_names([tensor.element_type])} needs {needed}"
        )
        yield ArrayFault("size_bytes", text)
