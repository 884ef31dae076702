"""Array messages and parts: round trips against numpy, and every way in which a message can be wrong."""

import pickle
import struct

import google_crc32c
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mfn_grpc.arrays import (
    PART_BYTES,
    AnyArray,
    ArrayError,
    AssembledArray,
    PartAssembler,
    element_type_of,
    from_array,
    split_parts,
    stored_dtype,
    to_array,
)
from mfn_grpc.v1.types_pb2 import Array, ArrayHeader, ArrayPart, ElementType

F64 = ElementType.ELEMENT_TYPE_FLOAT64
F32 = ElementType.ELEMENT_TYPE_FLOAT32
F16 = ElementType.ELEMENT_TYPE_FLOAT16
BF16 = ElementType.ELEMENT_TYPE_BFLOAT16
INT64 = ElementType.ELEMENT_TYPE_INT64
INT8 = ElementType.ELEMENT_TYPE_INT8
UINT8 = ElementType.ELEMENT_TYPE_UINT8
BOOL = ElementType.ELEMENT_TYPE_BOOL
DTYPES = ("f8", "f4", "f2", "i8", "i4", "i1", "u1", "?")


def assembled(parts: list[ArrayPart], max_bytes: int = 1 << 30) -> AssembledArray:
    assembler = PartAssembler(max_bytes)
    results = [assembler.add(part) for part in parts]
    assert all(result is None for result in results[:-1])
    assert results[-1] is not None
    return results[-1]


def damaged(**changes: object) -> ArrayPart:
    """A whole float64 array of shape (2, 3) in one part, with some of its fields changed."""
    data = np.arange(6.0).tobytes()
    header = ArrayHeader(name="u", element_type=F64, shape=(2, 3))
    fields = {"header": header, "total_bytes": 48, "data": data, "crc32c": google_crc32c.value(data)} | changes
    return ArrayPart(**fields)


@given(hnp.arrays(st.sampled_from(DTYPES), hnp.array_shapes(min_dims=0, min_side=0, max_dims=4, max_side=5)))
def test_every_element_type_and_shape_survives_the_round_trip(values: AnyArray) -> None:
    back = from_array(to_array(values))
    assert back.dtype == values.dtype
    assert back.shape == values.shape
    assert back.tobytes() == np.ascontiguousarray(values).tobytes()


@given(hnp.arrays(st.sampled_from(DTYPES), hnp.array_shapes(min_dims=0, min_side=0, max_dims=3, max_side=5)))
def test_parts_put_together_give_the_array_back(values: AnyArray) -> None:
    whole = assembled(list(split_parts("v", values)))
    assert whole.name == "v"
    assert whole.scale is None
    assert whole.offset is None
    assert whole.elements.dtype == values.dtype
    assert whole.elements.shape == values.shape
    assert whole.values().tobytes() == np.ascontiguousarray(values).tobytes()


def test_the_wire_format_is_little_endian_and_row_by_row() -> None:
    message = to_array(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert message.data == struct.pack("<4d", 1, 2, 3, 4)
    assert list(message.shape) == [2, 2]
    assert message.element_type == F64


def test_big_endian_and_strided_arrays_are_stored_like_any_other() -> None:
    plain = np.arange(12, dtype="<f8").reshape(3, 4)
    assert to_array(plain.astype(">f8")) == to_array(plain)
    assert to_array(np.asfortranarray(plain)) == to_array(plain)
    assert to_array(plain[:, ::2]) == to_array(plain[:, ::2].copy())
    assert list(split_parts("", plain.T.astype(">f8"))) == list(split_parts("", np.ascontiguousarray(plain.T)))


def test_a_decoded_array_is_a_read_only_view() -> None:
    values = from_array(to_array(np.arange(4.0)))
    assert values.base is not None
    assert not values.flags.writeable


def test_bfloat16_expands_to_float32_and_rounds_to_nearest_even() -> None:
    # 1 + 2^-8 lies half-way between two bfloat16 and goes to the even one, 1; 1 + 3 * 2^-8 goes to 1 + 2^-6.
    values = np.array([1.0, -2.5, 1 + 2**-8, 1 + 3 * 2**-8, np.inf, np.nan], np.float32)
    back = from_array(to_array(values, BF16))
    np.testing.assert_array_equal(back, np.array([1.0, -2.5, 1.0, 1 + 2**-6, np.inf, np.nan], np.float32))
    assert back.dtype == np.float32
    assert not back.flags.writeable
    assert from_array(Array(element_type=BF16, shape=[1], data=b"\xc0\x3f"))[0] == 1.5


def test_an_element_type_can_be_chosen_when_the_values_fit() -> None:
    assert from_array(to_array(np.array([1, -3]), INT8)).tolist() == [1, -3]
    assert from_array(to_array(np.array([0.1]), F32)).dtype == np.float32
    assert from_array(to_array(np.array([7], np.int16), INT64)).tolist() == [7]


@pytest.mark.parametrize(
    ("values", "element_type", "word"),
    [
        (np.array([1.5]), INT8, "kind"),
        (np.array([2]), BOOL, "kind"),
        (np.array([300]), INT8, "fit"),
        (np.array([200], np.uint8), INT8, "fit"),
        (np.array([1e5]), F16, "fit"),
        (np.array([1.0]), ElementType.ELEMENT_TYPE_UNSPECIFIED, "must be one of FLOAT64"),
        (np.array(["a"]), None, "has no element type"),
        (np.array([1j]), None, "has no element type"),
    ],
)
def test_values_that_cannot_be_stored_are_refused(values: AnyArray, element_type: ElementType, word: str) -> None:
    with pytest.raises(ArrayError, match=word):
        to_array(values, element_type)
    with pytest.raises(ArrayError, match=word):
        split_parts("x", values, element_type=element_type)


def test_element_types_and_dtypes_correspond() -> None:
    assert element_type_of(np.dtype(">f4")) == F32
    assert stored_dtype(F32) == np.dtype("<f4")
    with pytest.raises(ArrayError, match="must be one of"):
        stored_dtype(ElementType.ELEMENT_TYPE_UNSPECIFIED)


@pytest.mark.parametrize(
    ("shape", "data", "word"),
    [
        ([3], b"\0" * 16, "data makes 16 bytes, .* needs 24"),
        ([], b"", "needs 8"),
        ([-1], b"", r"shape\[0\] is -1"),
        ([2**62, 4], b"", "too large"),
        ([0, 2**62], b"", "too large"),
        ([1] * 33, b"\0" * 8, "33 axes"),
        ([2**31, 2**31, 2**31], b"\0" * 8, "too large"),
    ],
)
def test_a_shape_that_does_not_fit_the_data_is_refused(shape: list[int], data: bytes, word: str) -> None:
    with pytest.raises(ArrayError, match=word):
        from_array(Array(element_type=F64, shape=shape, data=data))


def test_all_faults_of_one_array_are_listed() -> None:
    with pytest.raises(ArrayError) as caught:
        from_array(Array(shape=[-1, 2, -3]))
    assert len(caught.value.faults) == 3
    assert "shape[0]" in str(caught.value)
    assert "shape[2]" in str(caught.value)
    assert "element_type" in str(caught.value)
    assert pickle.loads(pickle.dumps(caught.value)).faults == caught.value.faults


def test_an_unknown_element_type_number_is_refused() -> None:
    with pytest.raises(ArrayError, match="element_type is 99"):
        from_array(Array.FromString(b"\x08\x63"))


def test_a_boolean_is_0_or_1() -> None:
    assert from_array(Array(element_type=BOOL, shape=[2], data=b"\x00\x01")).tolist() == [False, True]
    with pytest.raises(ArrayError, match="0 or 1"):
        from_array(Array(element_type=BOOL, shape=[2], data=b"\x00\x02"))


def test_no_part_is_larger_than_the_limit_and_only_the_first_has_a_header() -> None:
    values = np.arange(3 * PART_BYTES // 8 + 1, dtype=np.float64)
    parts = list(split_parts("long", values))
    assert [len(part.data) for part in parts] == [PART_BYTES] * 3 + [8]
    assert [part.offset for part in parts] == [0, PART_BYTES, 2 * PART_BYTES, 3 * PART_BYTES]
    assert [part.HasField("header") for part in parts] == [True, False, False, False]
    np.testing.assert_array_equal(assembled(parts).values(), values)


def test_an_empty_array_is_one_part() -> None:
    (part,) = split_parts("empty", np.empty((0, 5)))
    assert part.total_bytes == 0
    assert list(part.header.shape) == [0, 5]
    assert assembled([part]).values().shape == (0, 5)


def test_quantised_elements_become_float32_values() -> None:
    whole = assembled(list(split_parts("q", np.array([0, 128, 255], np.uint8), scale=0.5, offset=-95.0)))
    assert whole.elements.dtype == np.uint8
    assert whole.values().dtype == np.float32
    assert whole.values().tolist() == [-95.0, -31.0, 32.5]


def test_an_assembler_takes_one_array_after_another() -> None:
    assembler = PartAssembler(1 << 20)
    for name in ("u", "v"):
        for part in split_parts(name, np.full(PART_BYTES // 8 + 1, 2.0)):
            whole = assembler.add(part)
        assert whole is not None
        assert whole.name == name
        assert assembler.idle


@pytest.mark.parametrize(
    ("part", "word"),
    [
        (ArrayPart(total_bytes=8, data=b"\0" * 8), "header is missing"),
        (damaged(crc32c=1), "CRC-32C"),
        (damaged(offset=8), "offset is 8, expected 0"),
        (damaged(total_bytes=40), r"total_bytes makes 40 bytes, shape \[2, 3\].* needs 48"),
        (damaged(header=ArrayHeader(element_type=F64, shape=[-2, -3])), r"shape\[1\] is -3"),
        (damaged(header=ArrayHeader(shape=[2, 3])), "element_type is 0"),
        (damaged(data=b""), "data is empty"),
        (damaged(data=b"\0" * (PART_BYTES + 1)), "at most 262144"),
    ],
)
def test_a_malformed_first_part_is_refused(part: ArrayPart, word: str) -> None:
    with pytest.raises(ArrayError, match=word):
        PartAssembler(1 << 20).add(part)


def test_an_array_above_the_callers_bound_is_refused_before_it_is_allocated() -> None:
    huge = ArrayPart(header=ArrayHeader(element_type=F64, shape=[2**40]), total_bytes=2**43, data=b"\0" * 8)
    with pytest.raises(ArrayError, match="at most 1048576 are accepted"):
        PartAssembler(1 << 20).add(huge)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"offset": 0}, "offset is 0, expected 262144"),
        ({"total_bytes": 5}, "the first part said"),
        ({"header": ArrayHeader(name="again")}, "only the first one"),
        ({"crc32c": 7}, "CRC-32C"),
        ({"data": b"\0" * 24}, "data ends at byte"),
    ],
)
def test_a_malformed_later_part_is_refused(changes: dict[str, object], word: str) -> None:
    first, second = split_parts("u", np.zeros(PART_BYTES // 8 + 2))
    assembler = PartAssembler(1 << 20)
    assert assembler.add(first) is None
    assert not assembler.idle
    fields = {name: getattr(second, name) for name in ("offset", "total_bytes", "crc32c", "data")} | changes
    with pytest.raises(ArrayError, match=word):
        assembler.add(ArrayPart(**fields))


def test_all_faults_of_one_part_are_listed() -> None:
    with pytest.raises(ArrayError) as caught:
        PartAssembler(8).add(damaged(offset=8, crc32c=1))
    assert [fault.field for fault in caught.value.faults] == ["total_bytes", "offset", "data", "crc32c"]


def test_the_offset_that_a_part_should_have_is_told_where_it_has_another_and_nowhere_else() -> None:
    first, second, third = split_parts("u", np.zeros(PART_BYTES // 4 + 1))
    for part, expected in ((third, PART_BYTES), (first, PART_BYTES), (second, None)):
        assembler = PartAssembler(1 << 20)
        assembler.add(first)
        part.crc32c += 1
        with pytest.raises(ArrayError) as caught:
            assembler.add(part)
        part.crc32c -= 1
        assert caught.value.expected_offset == expected
        assert pickle.loads(pickle.dumps(caught.value)).expected_offset == expected


def test_a_name_has_at_most_256_bytes() -> None:
    for name, fits in (("é" * 128, True), ("é" * 128 + "x", False)):
        part = damaged(header=ArrayHeader(name=name, element_type=F64, shape=[2, 3]))
        if fits:
            assert assembled([part]).name == next(split_parts(name, np.zeros(1))).header.name == name
            continue
        with pytest.raises(ArrayError, match=r"header.name has 257 bytes, at most 256"):
            PartAssembler(1 << 20).add(part)
        with pytest.raises(ArrayError, match=r"header.name has 257 bytes, at most 256"):
            split_parts(name, np.zeros(1))
