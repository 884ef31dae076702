"""Array and ArrayPart messages <-> numpy arrays: the one place where bytes become numbers.

Elements are stored in C order, little endian. Small arrays travel whole (`to_array`, `from_array`); larger ones as
ordered, checksummed parts (`split_parts`, `PartAssembler`). Whatever is wrong with a message is an `ArrayError` that
lists every fault in words.
"""

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from mfn_grpc.v1.types_pb2 import Array, ArrayHeader, ArrayPart, ElementType

PART_BYTES = 256 * 1024
"""Most bytes of data in one part."""

MAX_AXES = 32
"""Most axes an array may have; numpy allows 64, nothing here needs more than 4."""

MAX_NAME_BYTES = 256
"""Most bytes of an array's name, in UTF-8."""

AnyArray = NDArray[np.generic]

_STORED = {
    ElementType.ELEMENT_TYPE_FLOAT64: "<f8",
    ElementType.ELEMENT_TYPE_FLOAT32: "<f4",
    ElementType.ELEMENT_TYPE_FLOAT16: "<f2",
    ElementType.ELEMENT_TYPE_BFLOAT16: "<u2",
    ElementType.ELEMENT_TYPE_INT64: "<i8",
    ElementType.ELEMENT_TYPE_INT32: "<i4",
    ElementType.ELEMENT_TYPE_INT8: "i1",
    ElementType.ELEMENT_TYPE_UINT8: "u1",
    ElementType.ELEMENT_TYPE_BOOL: "?",
}
_BFLOAT16 = ElementType.ELEMENT_TYPE_BFLOAT16
_BY_DTYPE = {np.dtype(stored): element for element, stored in _STORED.items() if element != _BFLOAT16}


@dataclass(frozen=True)
class ArrayFault:
    """One thing that is wrong with an array: the field of its message (header.shape: of a part), and how."""

    field: str
    description: str

    def __str__(self) -> str:
        return f"{self.field} {self.description}"


class ArrayError(ValueError):
    """An array that cannot be encoded or decoded; `faults` names everything that is wrong with it.

    expected_offset: set when a part does not begin where the last one ended, or passes the end of its array.
    """

    def __init__(self, faults: Iterable[ArrayFault], expected_offset: int | None = None) -> None:
        self.faults = tuple(faults)
        self.expected_offset = expected_offset
        super().__init__("; ".join(map(str, self.faults)))

    def __reduce__(self) -> tuple[type["ArrayError"], tuple[tuple[ArrayFault, ...], int | None]]:
        return type(self), (self.faults, self.expected_offset)


def stored_dtype(element_type: ElementType) -> np.dtype[np.generic]:
    """The little-endian dtype in which an element type is stored (bfloat16: the bits, as uint16).

    Raises:
        ArrayError: the type is unspecified or unknown.
    """
    if element_type not in _STORED:
        raise ArrayError([_unknown_type(element_type)])
    return np.dtype(_STORED[element_type])


def element_type_of(dtype: np.dtype[np.generic]) -> ElementType:
    """The element type that stores a dtype of either byte order without loss.

    Raises:
        ArrayError: no element type does.
    """
    found = _BY_DTYPE.get(dtype.newbyteorder("<"))
    if found is None:
        text = f"{dtype} has no element type; use one of {', '.join(map(str, _BY_DTYPE))}"
        raise ArrayError([ArrayFault("dtype", text)])
    return found


def to_array(values: AnyArray, element_type: ElementType | None = None) -> Array:
    """An Array message of any array, whatever its byte order and strides.

    Args:
        values: The elements, any shape.
        element_type: How to store them. Default: as their dtype.

    Raises:
        ArrayError: the dtype has no element type, or storing it as asked would change the kind of number or overflow.
    """
    values = np.asarray(values)
    element_type = element_type_of(values.dtype) if element_type is None else element_type
    return Array(element_type=element_type, shape=values.shape, data=stored_of(values, element_type).tobytes())


def from_array(message: Array) -> AnyArray:
    """The elements of an Array message as a read-only view of its bytes (bfloat16: expanded to float32).

    Raises:
        ArrayError: unknown type, impossible shape, or data that do not fill the shape exactly.
    """
    data = message.data  # once: a bytes field is copied each time that it is read
    if faults := _form_faults(message.element_type, message.shape, len(data), "data"):
        raise ArrayError(faults)
    stored = np.frombuffer(data, dtype=stored_dtype(message.element_type)).reshape(tuple(message.shape))
    values = values_of(stored, message.element_type)
    values.flags.writeable = False
    return values


def split_parts(
    name: str,
    values: AnyArray,
    scale: float | None = None,
    offset: float | None = None,
    element_type: ElementType | None = None,
) -> Iterator[ArrayPart]:
    """The parts of one array, in order; the header travels in the first, and an empty array is one empty part.

    Args:
        name: What the array is, for instance the name of a species; at most MAX_NAME_BYTES.
        values: The elements, any shape.
        scale: Quantised arrays: value = element * scale + offset.
        offset: See scale.
        element_type: How to store the elements. Default: as their dtype.

    Raises:
        ArrayError: as `to_array`, and for a name that is too long.
    """
    values = np.asarray(values)
    element_type = element_type_of(values.dtype) if element_type is None else element_type
    stored = stored_of(values, element_type).reshape(-1).view(np.uint8).data
    header = ArrayHeader(name=name, element_type=element_type, shape=values.shape, scale=scale, offset=offset)
    if faults := name_faults(header):
        raise ArrayError(faults)
    return _parts(header, stored)


def _parts(header: ArrayHeader, stored: memoryview) -> Iterator[ArrayPart]:
    total = stored.nbytes
    for start in range(0, max(total, 1), PART_BYTES):
        data = bytes(stored[start : start + PART_BYTES])
        part = ArrayPart(offset=start, total_bytes=total, crc32c=google_crc32c.value(data), data=data)
        if start == 0:
            part.header.CopyFrom(header)
        yield part


@dataclass(frozen=True, eq=False)
class AssembledArray:
    """One array put together from its parts; `elements` as they were stored, `values()` as they are meant."""

    name: str
    element_type: ElementType
    elements: AnyArray
    scale: float | None
    offset: float | None

    def values(self) -> AnyArray:
        """The values: quantised elements become float32 (element * scale + offset), others stay as they are."""
        if self.scale is None and self.offset is None:
            return self.elements
        scale = 1.0 if self.scale is None else self.scale
        offset = 0.0 if self.offset is None else self.offset
        return (self.elements.astype(np.float64) * scale + offset).astype(np.float32)


class PartAssembler:
    """Puts arrays together from their parts, one array after another.

    Every array is allocated once, after its header has been checked, and never above `max_bytes`. An assembler that
    has raised holds a damaged array: make a new one.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._header: ArrayHeader | None = None
        self._buffer: NDArray[np.uint8] = np.empty(0, np.uint8)
        self._filled = 0

    @property
    def idle(self) -> bool:
        """Whether no array is half done."""
        return self._header is None

    def add(self, part: ArrayPart) -> AssembledArray | None:
        """Take the next part; returns the array when this part completes it.

        Raises:
            ArrayError: a part out of order, damaged, or at odds with its header.
        """
        data = part.data  # once, as in `from_array`
        faults = self._opening_faults(part) if self._header is None else self._following_faults(part)
        misplaced = self._place_faults(part, len(data))
        faults += misplaced + _data_faults(part, data)
        if faults:
            raise ArrayError(faults, self._filled if misplaced else None)
        if self._header is None:
            self._open(part)
        self._buffer[self._filled : self._filled + len(data)] = np.frombuffer(data, np.uint8)
        self._filled += len(data)
        return self._close() if self._filled == len(self._buffer) else None

    def _opening_faults(self, part: ArrayPart) -> list[ArrayFault]:
        header, total = part.header, part.total_bytes
        if not part.HasField("header"):
            return [ArrayFault("header", "is missing from the first part of an array")]
        faults = _form_faults(header.element_type, header.shape, total, "total_bytes", "header.") + name_faults(header)
        if total > self._max_bytes:
            faults.append(ArrayFault("total_bytes", f"is {total}, at most {self._max_bytes} are accepted here"))
        return faults

    def _following_faults(self, part: ArrayPart) -> list[ArrayFault]:
        faults = []
        if part.HasField("header"):
            faults.append(ArrayFault("header", "is set in a later part; only the first one has a header"))
        if part.total_bytes != len(self._buffer):
            text = f"is {part.total_bytes}, the first part said {len(self._buffer)}"
            faults.append(ArrayFault("total_bytes", text))
        return faults

    def _place_faults(self, part: ArrayPart, size: int) -> list[ArrayFault]:
        faults, end = [], part.offset + size
        if part.offset != self._filled:
            faults.append(ArrayFault("offset", f"is {part.offset}, expected {self._filled}"))
        if end > part.total_bytes:
            faults.append(ArrayFault("data", f"ends at byte {end}, the array has {part.total_bytes}"))
        return faults

    def _open(self, part: ArrayPart) -> None:
        self._header = part.header
        self._buffer = np.empty(part.total_bytes, np.uint8)
        self._filled = 0

    def _close(self) -> AssembledArray:
        header, buffer = self._header or ArrayHeader(), self._buffer
        self._header, self._buffer, self._filled = None, np.empty(0, np.uint8), 0
        stored = buffer.view(stored_dtype(header.element_type)).reshape(tuple(header.shape))
        return AssembledArray(
            name=header.name,
            element_type=header.element_type,
            elements=values_of(stored, header.element_type),
            scale=header.scale if header.HasField("scale") else None,
            offset=header.offset if header.HasField("offset") else None,
        )


def name_faults(header: ArrayHeader) -> list[ArrayFault]:
    """What is wrong with the name of an array."""
    size = len(header.name.encode())
    if size <= MAX_NAME_BYTES:
        return []
    return [ArrayFault("header.name", f"has {size} bytes, at most {MAX_NAME_BYTES} are allowed")]


def _data_faults(part: ArrayPart, data: bytes) -> list[ArrayFault]:
    """What is wrong with the data of a part, wherever it belongs."""
    faults, size = [], len(data)
    if size > PART_BYTES:
        faults.append(ArrayFault("data", f"has {size} bytes, at most {PART_BYTES} are allowed in a part"))
    if size == 0 and part.total_bytes > 0:
        faults.append(ArrayFault("data", "is empty"))
    if (found := google_crc32c.value(data)) != part.crc32c:
        faults.append(ArrayFault("crc32c", f"is {part.crc32c}, the CRC-32C of data is {found}"))
    return faults


def _form_faults(
    element_type: ElementType, shape: Sequence[int], size: int, size_field: str, path: str = ""
) -> list[ArrayFault]:
    """What is wrong with a type, a shape and the size of the data, told in `size_field`, that belong together."""
    if len(shape) > MAX_AXES:
        return [ArrayFault(f"{path}shape", f"has {len(shape)} axes, at most {MAX_AXES} are allowed")]
    axes = tuple(shape)
    faults = [
        ArrayFault(f"{path}shape[{axis}]", f"is {length}, must be 0 or more")
        for axis, length in enumerate(axes)
        if length < 0
    ]
    if element_type not in _STORED:
        return [*faults, _unknown_type(element_type, path)]
    return faults or _size_faults(np.dtype(_STORED[element_type]).itemsize, axes, size, size_field, path)


def _size_faults(itemsize: int, axes: tuple[int, ...], size: int, size_field: str, path: str) -> list[ArrayFault]:
    # numpy multiplies the non-zero axes even where another axis is 0, so that product must fit as well.
    if math.prod(length for length in axes if length) * itemsize > sys.maxsize:
        return [ArrayFault(f"{path}shape", f"{list(axes)} is too large to address")]
    needed = math.prod(axes) * itemsize
    if needed != size:
        text = f"makes {size} bytes, shape {list(axes)} of {itemsize}-byte elements needs {needed}"
        return [ArrayFault(size_field, text)]
    return []


def _unknown_type(element_type: int, path: str = "") -> ArrayFault:
    known = ", ".join(ElementType.Name(each).removeprefix("ELEMENT_TYPE_") for each in _STORED)
    return ArrayFault(f"{path}element_type", f"is {element_type}, must be one of {known}")


def values_of(stored: AnyArray, element_type: ElementType) -> AnyArray:
    """The elements as numbers, from the dtype that stores them; a view, but for bfloat16, which becomes float32.

    Raises:
        ArrayError: bytes of a BOOL array other than 0 and 1.
    """
    if element_type == _BFLOAT16:
        return (stored.astype(np.uint32) << np.uint32(16)).view(np.float32)
    if element_type == ElementType.ELEMENT_TYPE_BOOL and stored.size and stored.view(np.uint8).max() > 1:
        raise ArrayError([ArrayFault("data", "of a BOOL array must be bytes of 0 or 1")])
    return stored


def stored_of(values: AnyArray, element_type: ElementType) -> AnyArray:
    """The elements as they are stored: little endian, contiguous, without a copy where they already are.

    Narrower floating point is rounded to nearest, ties to even.

    Raises:
        ArrayError: as `to_array`.
    """
    target = stored_dtype(element_type)
    if element_type == _BFLOAT16:
        return _bfloat16_bits(values)
    return np.ascontiguousarray(_cast(values, target))


def _cast(values: AnyArray, target: np.dtype[np.generic]) -> AnyArray:
    if values.dtype == target:
        return values
    if not np.can_cast(values.dtype, target, casting="same_kind"):
        text = f"{values.dtype} cannot be stored as {target}: that would change the kind of number"
        raise ArrayError([ArrayFault("dtype", text)])
    with np.errstate(over="ignore"):
        cast = values.astype(target)
    if not np.can_cast(values.dtype, target, casting="safe") and not _survived(values, cast):
        raise ArrayError([ArrayFault("values", f"of dtype {values.dtype} do not fit into {target}")])
    return cast


def _survived(values: AnyArray, cast: AnyArray) -> bool:
    """Whether narrowing kept every value: integers exactly, reals without overflow to infinity."""
    if cast.dtype.kind in "iu":
        return bool(np.array_equal(values, cast))
    finite: Callable[[AnyArray], NDArray[np.bool_]] = np.isfinite
    return bool(np.array_equal(finite(values), finite(cast)))


def _bfloat16_bits(values: AnyArray) -> NDArray[np.uint16]:
    """The upper halves of binary32, rounded to nearest even; a NaN stays a NaN."""
    narrow = np.ascontiguousarray(_cast(values, np.dtype("<f4")))
    bits = narrow.view(np.uint32)
    if values.dtype.kind == "f" and values.dtype.itemsize > narrow.itemsize:
        bits = _beside_ties(bits, np.abs(values), np.abs(narrow))
    rounded = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
    rounded = np.where(np.isnan(narrow), np.uint32(0x7FC0), rounded)
    if np.any((rounded & np.uint32(0x7FFF)) == 0x7F80, where=np.isfinite(narrow)):
        raise ArrayError([ArrayFault("values", f"of dtype {values.dtype} do not fit into bfloat16")])
    return rounded.astype("<u2")


def _beside_ties(bits: NDArray[np.uint32], wide: AnyArray, narrow: AnyArray) -> NDArray[np.uint32]:
    """The bits of `narrow`, moved off a tie of bfloat16 towards the wider number, which would else be rounded twice."""
    tie = (bits & np.uint32(0xFFFF)) == 0x8000
    up: NDArray[np.bool_] = tie & np.greater(wide, narrow)
    down: NDArray[np.bool_] = tie & np.less(wide, narrow)
    return bits + up.astype(np.uint32) - down.astype(np.uint32)
