"""Frames: which species of a state are sent, how they are reduced and stored, and how they become messages."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mfn_grpc.arrays import PART_BYTES, element_type_of
from mfn_grpc.core.bands import bands
from mfn_grpc.core.limits import Faults, Limit, Violation
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.reaction_diffusion import MAX_EDGE, MIN_EDGE, SimulationSpec
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_grpc.v1 import types_pb2 as types
from mfn_grpc.wire import Buffer, array_part, enclosed, tag_of

AnyArray = np.ndarray[Any, np.dtype[Any]]

MESSAGE_DATA_BYTES = 1024 * 1024
BAND_CELLS = 2**18
"""Cells looked at or stored in one piece: to quantise one takes up to 20 ns."""
_PARTS, _FRAME = tag_of(pb.Frame, "parts"), tag_of(pb.SimulateResponse, "frame")
REDUCED_EDGE = Limit(MIN_EDGE, MAX_EDGE, "cells", "longest edge of a frame")
_OFFERED: dict[int, np.dtype[Any]] = {
    types.ELEMENT_TYPE_FLOAT64: np.dtype("<f8"),
    types.ELEMENT_TYPE_FLOAT32: np.dtype("<f4"),
    types.ELEMENT_TYPE_FLOAT16: np.dtype("<f2"),
    types.ELEMENT_TYPE_UINT8: np.dtype("u1"),
    types.ELEMENT_TYPE_INT8: np.dtype("i1"),
}


@dataclass(frozen=True)
class FrameForm:
    """Species by index and name, element dtype, and the edge of the blocks that are averaged (1: none)."""

    species: tuple[tuple[int, str], ...]
    dtype: np.dtype[Any]
    block: int

    def nbytes(self, spec: SimulationSpec) -> int:
        """Bytes of one frame."""
        rows, cols = (-(-edge // self.block) for edge in spec.shape)
        return len(self.species) * rows * cols * self.dtype.itemsize


@dataclass(frozen=True, eq=False)
class FrameArray:
    """One species of a frame, made a few rows at a time as it will be sent.

    rows: the elements of some rows as they are stored, contiguous. Quantised: value = element * scale + offset.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    rows: Callable[[slice], AnyArray]
    scale: float | None = None
    offset: float | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return math.prod(self.shape) * self.dtype.itemsize

    def stored(self, start: int, stop: int) -> NDArray[np.uint8]:
        """The bytes from `start` to `stop` of all elements in C order."""
        row_bytes = self.shape[1] * self.dtype.itemsize
        first = start // row_bytes
        elements = self.rows(slice(first, -(-stop // row_bytes)))
        return elements.reshape(-1).view(np.uint8)[start - first * row_bytes : stop - first * row_bytes]

    def header(self) -> types.ArrayHeader:
        """What its first part says of it."""
        return types.ArrayHeader(
            name=self.name,
            element_type=element_type_of(self.dtype),
            shape=self.shape,
            scale=self.scale,
            offset=self.offset,
        )


class Seal(Protocol):
    """Makes a message of the stream from the parts of a frame that it carries."""

    def __call__(self, parts: list[Buffer], *, last: bool) -> bytes:
        """The message. last: whether it completes the frame."""


def decode_form(options: pb.FrameOptions, spec: SimulationSpec, faults: Faults) -> FrameForm:
    """The form of the frames; whatever is wrong with the options is added to `faults`."""
    with faults.under("frame_options"):
        dtype = _OFFERED.get(options.element_type, spec.dtype)
        if options.element_type and options.element_type not in _OFFERED:
            names = ", ".join(types.ElementType.Name(number) for number in _OFFERED)
            faults.add(Violation("element_type", str(options.element_type), f"must be one of {names}"))
        return FrameForm(_species(options, spec, faults), dtype, _block(options, spec, faults))


def make_frame(form: FrameForm, state: AnyArray, seal: Seal) -> Pieces[list[bytes]]:
    """The messages of a state in this form, each with about 1 MiB of data; it must not change between the pieces."""
    messages, parts, held = list[bytes](), list[Buffer](), 0
    for index, name in form.species:
        field = yield from _reduced(state[index], form.block)
        array = yield from _stored(name, field, form.dtype)
        header: types.ArrayHeader | None = array.header()
        for stretch in _stretches(array.nbytes, min(MESSAGE_DATA_BYTES, BAND_CELLS * array.dtype.itemsize)):
            stored = array.stored(stretch.start, stretch.stop)
            for part in _stretches(len(stored), PART_BYTES):
                data = stored[part]
                if parts and held + len(data) > MESSAGE_DATA_BYTES:
                    messages.append(seal(parts, last=False))
                    parts, held = [], 0
                parts += enclosed(_PARTS, array_part(data, stretch.start + part.start, array.nbytes, header))
                held, header = held + len(data), None
            yield
    messages.append(seal(parts, last=True))
    return messages


def _stretches(size: int, most: int) -> Iterator[slice]:
    for start in range(0, size, most):
        yield slice(start, min(start + most, size))


def frame_message(sequence: int, head: pb.Frame, parts: list[Buffer], tail: pb.Frame) -> bytes:
    """A SimulateResponse with this number, and a frame of the fields of `head`, these parts and the fields of `tail`.

    head, tail: the fields whose numbers are lower and higher than that of the parts.
    """
    frame = enclosed(_FRAME, (head.SerializeToString(), *parts, tail.SerializeToString()))
    return b"".join((pb.SimulateResponse(sequence=sequence).SerializeToString(), *frame))


def _species(options: pb.FrameOptions, spec: SimulationSpec, faults: Faults) -> tuple[tuple[int, str], ...]:
    known = {species.name: index for index, species in enumerate(spec.model.species)}
    if len(options.species) > len(known):
        text = f"has {len(options.species)} entries, must have at most {len(known)}, the species of the model"
        faults.add(Violation("species", str(len(options.species)), text))
        return ()
    chosen, seen = list(options.species) or list(known), set[str]()
    for i, name in enumerate(chosen):
        if name not in known:
            faults.add(Violation(f"species[{i}]", name, f"is {name!r}, must be one of {', '.join(known)}"))
        elif name in seen:
            faults.add(Violation(f"species[{i}]", name, f"repeats {name!r}, must name each species once"))
        seen.add(name)
    return tuple((known[name], name) for name in chosen if name in known)


def _block(options: pb.FrameOptions, spec: SimulationSpec, faults: Faults) -> int:
    if not options.HasField("max_edge"):
        return 1
    if violation := REDUCED_EDGE.violation("max_edge", options.max_edge):
        faults.add(violation)
        return 1
    return -(-max(spec.shape) // options.max_edge)


def _reduced(field: AnyArray, block: int) -> Pieces[AnyArray]:
    """Means over square blocks; those at the far edges may be narrower."""
    if block == 1:
        return field
    means = np.empty([-(-length // block) for length in field.shape], field.dtype)
    for rows in bands((means.shape[0], field.shape[1] * block), BAND_CELLS):
        means[rows] = _means(field[rows.start * block : rows.stop * block], block)
        yield
    return means


def _means(field: AnyArray, block: int) -> AnyArray:
    edges = [np.arange(0, length, block) for length in field.shape]
    heights, widths = (np.diff(edge, append=length) for edge, length in zip(edges, field.shape, strict=True))
    sums = np.add.reduceat(np.add.reduceat(field, edges[0], axis=0), edges[1], axis=1)
    return np.asarray(sums / np.outer(heights, widths))


def _stored(name: str, field: AnyArray, dtype: np.dtype[Any]) -> Pieces[FrameArray]:
    if dtype.kind != "f":
        return (yield from _quantised(name, field, dtype))
    return FrameArray(name, field.shape, dtype, lambda rows: np.ascontiguousarray(field[rows], dtype))


def _quantised(name: str, field: AnyArray, dtype: np.dtype[Any]) -> Pieces[FrameArray]:
    lowest, highest = math.inf, -math.inf
    for rows in bands(field.shape, BAND_CELLS):
        lowest, highest = min(lowest, float(field[rows].min())), max(highest, float(field[rows].max()))
        yield
    levels = np.iinfo(dtype)
    scale = (highest - lowest) / (levels.max - levels.min) or 1.0
    offset = lowest - scale * levels.min

    def quantise(rows: slice) -> AnyArray:
        elements = np.empty(field[rows].shape, dtype)
        for row, values in zip(elements, field[rows], strict=True):
            row[...] = np.clip(np.rint((values - offset) / scale), levels.min, levels.max)
        return elements

    return FrameArray(name, field.shape, dtype, quantise, scale, offset)


def frame_steps(first: int, last: int, stride: int, after: int | None) -> Iterator[int]:
    """Steps at which frames are due: the first, every stride-th, the last; only those after `after`, when given."""
    start = first if after is None else first + ((after - first) // stride + 1) * stride
    yield from range(start, last, stride)
    if after is None or after < last:
        yield last
