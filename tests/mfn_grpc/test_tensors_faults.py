"""Every fault of a manifest and of a chunk, by its place on the wire."""

from typing import Any

import google_crc32c
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.tensors import (
    CHUNK_BYTES,
    MAX_TENSORS,
    MODEL_TYPES,
    UPDATE_TYPES,
    ChunkError,
    check_chunk,
    chunks,
    in_words,
    manifest_faults,
    manifest_of,
    mismatch,
)
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1.federation_pb2 import Chunk, Tensor, TensorManifest
from mfn_grpc.v1.types_pb2 import ElementType
from tests.mfn_grpc.tensor_cases import BF16, F16, F32, F64, INT8, manifest_by_hand


def faulty(**changes: Any) -> TensorManifest:
    """Two tensors of which the second is changed in these fields."""
    manifest = manifest_by_hand([(F32, [2]), (F32, [3, 2])])
    for name, value in changes.items():
        if name == "shape":
            del manifest.tensors[1].shape[:]
            manifest.tensors[1].shape.extend(value)
        else:
            setattr(manifest.tensors[1], name, value)
    return manifest


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": ""}, "tensors[1].name has 0 characters, must have 1 to 256"),
        ({"name": "é" * 257}, "tensors[1].name has 257 characters, must have 1 to 256"),
        ({"name": "t0"}, "tensors[1].name is 't0', the name of tensors[0]; names must be unique"),
        ({"element_type": 0}, "tensors[1].element_type is UNSPECIFIED, must be one of FLOAT64, FLOAT32, FLOAT16"),
        ({"element_type": 99}, "tensors[1].element_type is 99, must be one of FLOAT64"),
        ({"shape": [3, 0]}, "tensors[1].shape[1] is 0, must be 1 or more"),
        ({"shape": [-3, 2]}, "tensors[1].shape[0] is -3, must be 1 or more"),
        ({"shape": [1] * 33}, "tensors[1].shape has 33 axes, at most 32 are allowed"),
        ({"shape": [2**40, 2**40]}, "tensors[1].shape [1099511627776, 1099511627776] is too large to address"),
        ({"offset": 4}, "tensors[1].offset is 4, must be 8, where the tensor before it ends"),
        ({"offset": 9}, "tensors[1].offset is 9, must be 8, where the tensor before it ends"),
        ({"encoding": 7}, "tensors[1].encoding is 7, must be RAW"),
        ({"scale": 1.0}, "tensors[1].scale is 1, must be left out: only INT8 has one"),
        ({"size_bytes": 23}, "tensors[1].size_bytes is 23, shape [3, 2] of FLOAT32 needs 24"),
    ],
)
def test_a_fault_is_named_with_its_path(changes: dict[str, Any], expected: str) -> None:
    (fault,) = manifest_faults(faulty(**changes))
    assert str(fault).startswith(expected)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("inf"), float("nan")])
def test_a_scale_is_above_0_and_finite(scale: float) -> None:
    (fault,) = manifest_faults(manifest_by_hand([(INT8, [3])], scale))
    assert fault.field == "tensors[0].scale"
    assert "above 0 and finite" in fault.description


def test_a_scale_may_be_left_out() -> None:
    manifest = manifest_by_hand([(INT8, [3])])
    manifest.tensors[0].ClearField("scale")
    assert manifest_faults(manifest) == []


def test_a_name_of_256_characters_is_accepted_however_many_bytes_it_has() -> None:
    assert manifest_faults(faulty(name="é" * 256)) == []


def test_a_type_that_is_not_accepted_here_is_a_fault() -> None:
    manifest = manifest_by_hand([(INT8, [3])])
    assert manifest_faults(manifest, UPDATE_TYPES) == []
    assert [fault.field for fault in manifest_faults(manifest, MODEL_TYPES)] == ["tensors[0].element_type"]


def test_all_faults_of_all_tensors_are_listed() -> None:
    manifest = TensorManifest(tensors=[Tensor(name="", shape=[0], offset=3), Tensor(name="", scale=2)])
    assert [fault.field for fault in manifest_faults(manifest)] == [
        "tensors[0].name",
        "tensors[0].shape[0]",
        "tensors[0].element_type",
        "tensors[0].offset",
        "tensors[1].name",
        "tensors[1].name",
        "tensors[1].scale",
        "tensors[1].element_type",
        "tensors[1].offset",
    ]


@pytest.mark.parametrize("count", [0, MAX_TENSORS + 1])
def test_a_manifest_has_1_to_10000_tensors(count: int) -> None:
    (fault,) = manifest_faults(TensorManifest(tensors=[Tensor(name=str(index)) for index in range(count)]))
    assert str(fault) == f"tensors has {count} entries, must have 1 to 10000"


def test_a_manifest_of_10000_tensors_is_accepted() -> None:
    assert manifest_faults(manifest_by_hand([(F32, [])] * MAX_TENSORS)) == []


def test_a_manifest_has_at_most_1_mib() -> None:
    manifest = TensorManifest(tensors=[Tensor(name="x" * 256 + str(index)) for index in range(4500)])
    (fault,) = manifest_faults(manifest)
    assert "at most 1048576 are allowed" in str(fault)


def test_an_update_like_the_model_does_not_differ_from_it() -> None:
    model = manifest_by_hand([(F32, [2]), (F16, [3, 2])])
    assert mismatch(model, model) == []
    assert mismatch(manifest_by_hand([(INT8, [2]), (INT8, [3, 2])]), model, [INT8]) == []


def test_differences_from_the_model_are_told_in_words() -> None:
    model = manifest_by_hand([(F32, [2]), (F16, [3, 2]), (F64, [])])
    update = manifest_by_hand([(F64, [2]), (F16, [2, 3]), (F64, [])])
    update.tensors[2].name = "bias"
    assert [str(fault) for fault in mismatch(update, model)] == [
        "tensors[0].element_type is FLOAT64, must be FLOAT32",
        "tensors[1].shape of 't1' is [2, 3], the model's is [3, 2]",
        "tensors[2].name is 'bias', the model's is 't2'",
    ]
    assert [fault.field for fault in mismatch(model, model, [BF16])] == [f"tensors[{i}].element_type" for i in range(3)]
    (fewer,) = mismatch(manifest_by_hand([(F32, [2])]), model)
    assert str(fewer) == "tensors has 1 entries, the model has 3"


def test_many_differences_are_cut_to_the_first() -> None:
    update, model = manifest_by_hand([(F64, [2])] * 5), manifest_by_hand([(F32, [2])] * 5)
    words = in_words(mismatch(update, model), most=2)
    assert words.endswith("; tensors[1].element_type is FLOAT64, must be FLOAT32; and 3 more")


@given(st.integers(0, 3 * CHUNK_BYTES), st.integers(0, 3 * CHUNK_BYTES))
def test_chunks_of_a_payload_pass_the_check_and_make_it_again(size: int, offset: int) -> None:
    payload = np.arange(size, dtype=np.uint32).astype(np.uint8).tobytes()
    at, pieces = offset, []
    for chunk in chunks(lambda start, stop: payload[start:stop], size, offset):
        check_chunk(chunk, at, size)
        at += len(chunk.data)
        pieces.append(chunk.data)
    assert b"".join(pieces) == payload[offset:]
    assert all(len(piece) == CHUNK_BYTES for piece in pieces[:-1])


def chunk_of(data: bytes, offset: int = 0, damage: int = 0) -> Chunk:
    return Chunk(offset=offset, data=data, crc32c=google_crc32c.value(data) ^ damage)


WRONG_CHUNKS = {
    "before": (chunk_of(b"abcd", offset=3), "offset", reasons.ERROR_REASON_OFFSET_MISMATCH),
    "behind": (chunk_of(b"abcd", offset=5), "offset", reasons.ERROR_REASON_OFFSET_MISMATCH),
    "empty": (chunk_of(b"", offset=4), "data", reasons.ERROR_REASON_INVALID_FIELD),
    "too long": (chunk_of(bytes(CHUNK_BYTES + 1), offset=4), "data", reasons.ERROR_REASON_INVALID_FIELD),
    "past the end": (chunk_of(bytes(97), offset=4), "data", reasons.ERROR_REASON_OFFSET_MISMATCH),
    "damaged": (chunk_of(b"abcd", offset=4, damage=1), "crc32c", reasons.ERROR_REASON_CHECKSUM_MISMATCH),
}


@pytest.mark.parametrize("wrong", WRONG_CHUNKS)
def test_a_chunk_that_does_not_continue_the_payload_is_refused(wrong: str) -> None:
    chunk, field, reason = WRONG_CHUNKS[wrong]
    with pytest.raises(ChunkError) as caught:
        check_chunk(chunk, 4, 100)
    assert (caught.value.field, caught.value.reason, caught.value.expected_offset) == (field, reason, 4)


def test_types_of_updates_are_those_that_a_manifest_can_be_made_of() -> None:
    for element_type in UPDATE_TYPES:
        manifest = manifest_of({"x": np.ones(3)}, element_type)
        assert manifest.tensors[0].element_type == element_type
    assert ElementType.ELEMENT_TYPE_INT8 not in MODEL_TYPES
