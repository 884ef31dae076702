"""Messages around large buffers: the bytes of the generated classes, whatever the lengths."""

from typing import Any

import google_crc32c
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.arrays import PART_BYTES, element_type_of, split_parts
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ArrayHeader, ArrayPart, ElementType
from mfn_grpc.wire import array_part, enclosed, tag_of

EDGES = sorted({edge + beside for edge in (1, 2**7, 2**14, 2**21) for beside in (-1, 0, 1)} - {0})
"""Lengths about which one more byte is needed to write the length."""


def some_bytes(size: int) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    return np.random.default_rng(size).integers(0, 256, size, np.uint8)


@pytest.mark.parametrize("size", EDGES)
def test_a_field_of_any_length_is_that_of_the_generated_class(size: int) -> None:
    data = some_bytes(size)
    found = b"".join(enclosed(tag_of(ArrayPart, "data"), (data,)))
    assert found == ArrayPart(data=data.tobytes()).SerializeToString()


@given(st.integers(1, 300), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.booleans())
def test_a_part_is_that_of_the_generated_class(size: int, offset: int, total: int, begins: bool) -> None:
    data = some_bytes(size)
    header = (
        ArrayHeader(name="u", element_type=ElementType.ELEMENT_TYPE_FLOAT64, shape=[3, 4], scale=0.5)
        if begins
        else None
    )
    crc = google_crc32c.value(data.tobytes())
    expected = ArrayPart(header=header, offset=offset, total_bytes=total, crc32c=crc, data=data.tobytes())
    assert b"".join(array_part(data, offset, total, header)) == expected.SerializeToString()


@pytest.mark.parametrize("dtype", ["<f8", "<f4", "<f2", "<i8", "<i4", "i1", "u1", "?"])
def test_arrays_of_every_element_type_become_the_parts_that_split_parts_makes(dtype: str) -> None:
    values = some_bytes(3 * 100_000).reshape(3, -1).astype(dtype)
    stored = values.reshape(-1).view(np.uint8)
    header: ArrayHeader | None = ArrayHeader(name="x", element_type=element_type_of(values.dtype), shape=values.shape)
    for expected in split_parts("x", values):
        data = stored[expected.offset : expected.offset + PART_BYTES]
        assert b"".join(array_part(data, expected.offset, values.nbytes, header)) == expected.SerializeToString()
        header = None


def test_enclosed_twice_the_lengths_add_up() -> None:
    part = ArrayPart(offset=7, total_bytes=300, crc32c=5, data=bytes(300))
    frame = enclosed(tag_of(pb.Frame, "parts"), (part.SerializeToString(),))
    found = b"".join(enclosed(tag_of(pb.SimulateResponse, "frame"), frame))
    assert found == pb.SimulateResponse(frame=pb.Frame(parts=[part])).SerializeToString()


def test_the_callers_array_stays_writeable() -> None:
    data = some_bytes(8)
    array_part(data, 0, 8, None)
    assert data.flags.writeable
