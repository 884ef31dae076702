"""Tensors to bytes and back, whole and in any part, against struct's unpacking of one element at a time."""

import hashlib
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.arrays import ArrayError
from mfn_grpc.tensors import (
    Elements,
    Payload,
    decode,
    element_count,
    encode,
    encode_block,
    manifest_faults,
    manifest_like,
    manifest_of,
    payload_bytes,
    retyped,
)
from mfn_grpc.v1.types_pb2 import ElementType
from tests.mfn_grpc.tensor_cases import (
    BF16,
    F16,
    F32,
    F64,
    INT8,
    manifest_by_hand,
    models,
    random_payload,
    shapes,
    values_by_hand,
)

Model = list[tuple[ElementType, Sequence[int]]]
FLOATS = st.floats(-60000, 60000)
RELATIVE_ERROR = {F64: 0.0, F32: 2.0**-24, F16: 2.0**-11, BF16: 2.0**-8}
"""Half a unit in the last place of each type (IEEE 754; bfloat16 keeps 8 bits of significand)."""
SMALLEST = {F64: 0.0, F32: 2.0**-150, F16: 2.0**-25, BF16: 2.0**-134}
"""The same below the normal range: half the least subnormal."""


@given(models, st.integers(0, 2**32))
def test_a_payload_is_decoded_as_struct_unpacks_it(model: Model, seed: int) -> None:
    manifest = manifest_by_hand(model)
    payload = random_payload(manifest, seed)
    assert manifest_faults(manifest) == []
    for tensor, (name, values) in zip(manifest.tensors, decode(manifest, payload).items(), strict=True):
        assert (name, values.shape) == (tensor.name, tuple(tensor.shape))
        assert values.reshape(-1).astype(np.float64).tolist() == values_by_hand(tensor, payload)


@given(models, st.integers(0, 2**32), st.data())
def test_any_part_equals_that_part_of_the_whole_and_reads_no_byte_more(
    model: Model, seed: int, data: st.DataObject
) -> None:
    manifest = manifest_by_hand(model)
    payload = random_payload(manifest, seed)
    whole = [value for tensor in manifest.tensors for value in values_by_hand(tensor, payload)]
    read: list[tuple[int, int]] = []

    def read_bytes(start: int, stop: int) -> bytes:
        read.append((start, stop))
        return payload[start:stop]

    elements = Elements(manifest, read_bytes)
    assert elements.size == element_count(manifest) == len(whole)
    stop = data.draw(st.integers(0, elements.size))
    start = data.draw(st.integers(0, stop))
    part = elements.read(start, stop)
    assert part.dtype in (np.float32, np.float64)
    assert part.flags.aligned
    assert part.astype(np.float64).tolist() == whole[start:stop]
    needed = [
        (tensor.offset + at, tensor.offset + at + 1) for tensor in manifest.tensors for at in range(tensor.size_bytes)
    ]
    sizes = [size for t in manifest.tensors for size in [t.size_bytes // math.prod(t.shape)] * math.prod(t.shape)]
    assert sum(stop - start for start, stop in read) == sum(sizes[start:stop]) <= len(needed)


def test_a_part_of_one_float32_tensor_is_a_view_and_not_a_copy() -> None:
    manifest = manifest_of({"a": np.zeros(8), "b": np.arange(16, dtype=np.float32)})
    payload = b"".join(encode({"a": np.zeros(8), "b": np.arange(16, dtype=np.float32)}, manifest))
    whole = np.frombuffer(payload, np.uint8)
    view = memoryview(payload)
    part = Elements(manifest, lambda start, stop: view[start:stop]).read(10, 20)
    assert part.tolist() == list(range(2, 12))
    assert np.shares_memory(part, whole)
    assert not part.flags.writeable


@pytest.mark.parametrize(("start", "stop"), [(-1, 1), (2, 1), (0, 4), (5, 6)])
def test_a_part_outside_the_vector_is_refused(start: int, stop: int) -> None:
    elements = Elements(manifest_by_hand([(F32, [3])]), lambda start, stop: bytes(stop - start))
    with pytest.raises(ValueError, match="not within the 3"):
        elements.read(start, stop)


@given(shapes, st.sampled_from([F64, F32, F16, BF16]), st.data())
def test_what_is_encoded_comes_back_within_half_a_unit_in_the_last_place(
    shape: list[int], element_type: ElementType, data: st.DataObject
) -> None:
    values = np.array(data.draw(st.lists(FLOATS, min_size=math.prod(shape), max_size=math.prod(shape)))).reshape(shape)
    arrays = {"x": values, "y": np.flip(values)}
    manifest = manifest_of(arrays, element_type)
    back = decode(manifest, b"".join(encode(arrays, manifest)))
    for name, values in arrays.items():
        error = np.abs(back[name].astype(np.float64) - values)
        assert np.all(error <= np.abs(values) * RELATIVE_ERROR[element_type] + SMALLEST[element_type])


@given(shapes, st.data())
def test_quantised_values_come_back_within_half_a_step(shape: list[int], data: st.DataObject) -> None:
    count = math.prod(shape)
    drawn = data.draw(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=count, max_size=count))
    values = np.array(drawn).reshape(shape)
    manifest = manifest_of({"x": values}, INT8)
    back = decode(manifest, b"".join(encode({"x": values}, manifest)))["x"]
    scale = manifest.tensors[0].scale
    assert scale == pytest.approx(np.max(np.abs(values)) / 127) or scale in (1.0, 2.0**-1022)
    # A step of rounding in the division and one in the product lie beside the half step.
    assert np.all(np.abs(back - values) <= scale * (0.5 + 1e-12))


def test_the_scale_of_zeros_is_1() -> None:
    assert manifest_of({"x": np.zeros(3)}, INT8).tensors[0].scale == 1.0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1 + 2.0**-8, 1.0),
        (1 + 3 * 2.0**-8, 1 + 2.0**-6),
        (1 + 2.0**-8 + 2.0**-40, 1 + 2.0**-7),
        (1 + 3 * 2.0**-8 - 2.0**-40, 1 + 2.0**-7),
        (-1 - 2.0**-8 - 2.0**-40, -1 - 2.0**-7),
    ],
)
def test_bfloat16_is_rounded_once_and_ties_go_to_even(value: float, expected: float) -> None:
    arrays = {"x": np.array([value])}
    manifest = manifest_of(arrays, BF16)
    assert decode(manifest, b"".join(encode(arrays, manifest)))["x"].tolist() == [expected]


@pytest.mark.parametrize(
    ("value", "expected"), [(1 + 2.0**-11, 1.0), (1 + 3 * 2.0**-11, 1 + 2.0**-9), (65519.99, 65504.0)]
)
def test_float16_is_rounded_to_nearest_and_ties_go_to_even(value: float, expected: float) -> None:
    arrays = {"x": np.array([value])}
    manifest = manifest_of(arrays, F16)
    assert decode(manifest, b"".join(encode(arrays, manifest)))["x"].tolist() == [expected]


@pytest.mark.parametrize(
    ("element_type", "value"), [(F16, 65520.0), (BF16, 3.4e38), (BF16, 1e39), (F32, 1e39), (F16, -1e300)]
)
def test_a_value_that_does_not_fit_is_an_error_that_names_its_tensor(element_type: ElementType, value: float) -> None:
    arrays = {"fine": np.ones(2), "layer.weight": np.array([1.0, value])}
    manifest = manifest_of(arrays, element_type)
    with pytest.raises(ArrayError, match=r"tensor 'layer.weight'.*do not fit"):
        list(encode(arrays, manifest))


def test_infinities_and_nan_survive_every_floating_point_type() -> None:
    arrays = {"x": np.array([np.inf, -np.inf, np.nan])}
    for element_type in (F64, F32, F16, BF16):
        manifest = manifest_of(arrays, element_type)
        back = decode(manifest, b"".join(encode(arrays, manifest)))["x"].astype(np.float64)
        np.testing.assert_array_equal(back, arrays["x"])


@given(models, st.integers(0, 2**32), st.data())
def test_a_payload_is_read_from_any_byte_to_any_byte(model: Model, seed: int, data: st.DataObject) -> None:
    manifest = manifest_by_hand(model)
    whole = random_payload(manifest, seed)
    kept = {
        name: np.clip(values, -3.81, 3.81) if manifest.tensors[index].element_type == INT8 else values
        for index, (name, values) in enumerate(decode(manifest, whole).items())
    }
    payload = Payload(manifest, kept)
    whole = b"".join(encode(kept, manifest))
    stop = data.draw(st.integers(0, payload.size))
    start = data.draw(st.integers(0, stop))
    assert payload.read(start, stop) == whole[start:stop]
    assert b"".join(payload.pieces(start)) == whole[start:]
    assert payload.sha256() == hashlib.sha256(whole).digest()


@given(models.filter(lambda model: all(each != INT8 for each, _ in model)), st.integers(0, 2**32), st.data())
def test_blocks_of_any_length_make_the_payload(model: Model, seed: int, data: st.DataObject) -> None:
    manifest = manifest_by_hand(model)
    payload = random_payload(manifest, seed)
    elements = Elements(manifest, lambda start, stop: payload[start:stop])
    at, pieces = 0, []
    while at < elements.size:
        stop = data.draw(st.integers(at + 1, elements.size))
        pieces.append(encode_block(manifest, at, elements.read(at, stop).astype(np.float64)))
        at = stop
    assert b"".join(pieces) == payload


def test_arrays_of_any_byte_order_and_strides_are_encoded_alike() -> None:
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    variants = {"swapped": values.astype(">f4"), "transposed": np.asfortranarray(values), "sliced": values[:, ::2]}
    manifest = manifest_of(variants)
    back = decode(manifest, b"".join(encode(variants, manifest)))
    for name, variant in variants.items():
        np.testing.assert_array_equal(back[name], variant)


def test_decoding_refuses_a_payload_of_another_length() -> None:
    manifest = manifest_by_hand([(F32, [3])])
    with pytest.raises(ArrayError, match="payload has 11 bytes, its manifest describes 12"):
        decode(manifest, bytes(11))


def test_all_arrays_that_have_no_manifest_are_named() -> None:
    arrays = {"n": np.arange(3), "c": np.array([1j]), "ok": np.ones(2), "nan": np.array([np.nan])}
    with pytest.raises(ArrayError) as caught:
        manifest_of(arrays, INT8)
    assert [fault.field for fault in caught.value.faults] == ["tensor 'n'", "tensor 'c'", "tensor 'nan'"]


@pytest.mark.parametrize(
    ("arrays", "word"),
    [({}, "1 to 10000"), ({"": np.ones(1)}, "characters"), ({"x": np.empty((0, 2))}, r"shape\[0\] is 0")],
)
def test_arrays_whose_manifest_would_be_faulty_are_refused(arrays: dict[str, np.ndarray], word: str) -> None:
    with pytest.raises(ArrayError, match=word):
        manifest_of(arrays)


def test_a_type_that_no_tensor_may_have_is_refused() -> None:
    with pytest.raises(ArrayError, match=r"cannot be stored as INT64; use one of FLOAT64"):
        manifest_of({"x": np.ones(1)}, ElementType.ELEMENT_TYPE_INT64)


def test_the_manifest_of_an_update_has_the_models_names_order_and_types() -> None:
    model = manifest_of({"b": np.ones((2, 3), np.float32), "a": np.ones(4, np.float16)})
    arrays = {"a": np.zeros(4), "b": np.zeros((2, 3))}
    assert manifest_like(model, arrays) == model
    assert [tensor.element_type for tensor in manifest_like(model, arrays, F64).tensors] == [F64, F64]


def test_every_difference_from_the_model_is_named() -> None:
    model = manifest_of({"a": np.ones(2), "b": np.ones(3), "c": np.ones(4)})
    with pytest.raises(ArrayError) as caught:
        manifest_like(model, {"a": np.ones(2), "b": np.ones(4), "d": np.ones(1)})
    assert [str(fault) for fault in caught.value.faults] == [
        "tensor 'b' has the shape [4], the model's has [3]",
        "tensor 'c' is missing",
        "tensor 'd' is none of the model's",
    ]


@given(models)
def test_a_manifest_in_other_types_is_laid_out_anew(model: Model) -> None:
    manifest = manifest_by_hand(model)
    other = retyped(manifest, {tensor.name: F64 for tensor in manifest.tensors})
    assert manifest_faults(other, [F64]) == []
    assert payload_bytes(other) == 8 * element_count(manifest)
    assert [(t.name, list(t.shape)) for t in other.tensors] == [(t.name, list(t.shape)) for t in manifest.tensors]
