"""What is made of what training returned: differences, types, and bytes that stay what they are."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mfn_client.federated._models import Model
from mfn_client.federated._updates import UpdateForm, freeze, measured, signed
from mfn_grpc.signing import update_message
from mfn_grpc.tensors import chunks, decode, encode, manifest_of, payload_bytes
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ElementType
from tests.client.federated.taking_part import ALICE, KEYS, entries

DELTA, WEIGHTS = pb.UPDATE_KIND_DELTA, pb.UPDATE_KIND_WEIGHTS
OWN = ElementType.ELEMENT_TYPE_UNSPECIFIED
BASE: dict[str, Any] = {
    "w": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], np.float32),
    "b": np.array([0.5, -0.25]),
    "s": np.array(2.0, np.float16),
}


def form(kind: pb.UpdateKind = DELTA, element_type: ElementType = OWN, memory: int = 2**30) -> UpdateForm:
    return UpdateForm(kind, element_type, memory, None)


async def held(arrays: dict[str, Any] = BASE, element_type: Any = None) -> Model:
    """The model, as it arrives."""
    manifest = manifest_of(arrays, element_type)
    payload = b"".join(encode(arrays, manifest))
    ref = pb.ModelRef(federation_uid="uid-1", version=3, sha256=hashlib.sha256(payload).digest())
    found = Model(ref, None)
    await found.begin(pb.ModelBegin(model=ref, manifest=manifest, total_bytes=len(payload)))
    for chunk in chunks(lambda start, stop: payload[start:stop], len(payload)):
        await found.add(chunk)
    return found


def sent(trained: Any) -> dict[str, Any]:
    """What the server reads of an update."""
    payload = trained.payload.read(0, trained.payload.size)
    assert hashlib.sha256(payload).digest() == trained.sha256
    return decode(trained.payload.manifest, payload)


MOVED = {name: values + np.asarray(0.125, values.dtype) for name, values in BASE.items()}


@pytest.mark.parametrize("memory", [2**30, 0], ids=["memory", "file"])
async def test_a_difference_is_the_trained_weights_minus_the_model_in_the_models_types(memory: int) -> None:
    found = sent(freeze(await held(), (MOVED, 5, {}), form(memory=memory)))
    assert {name: values.dtype for name, values in found.items()} == {n: v.dtype for n, v in BASE.items()}
    for values in found.values():
        np.testing.assert_array_equal(values, 0.125)  # a power of two: nothing is rounded


@pytest.mark.parametrize("memory", [2**30, 0], ids=["memory", "file"])
async def test_weights_are_what_training_returned(memory: int) -> None:
    found = sent(freeze(await held(), (MOVED, 5, {}), form(WEIGHTS, memory=memory)))
    for name, values in found.items():
        np.testing.assert_array_equal(values, MOVED[name])


@pytest.mark.parametrize(
    ("element_type", "tolerance"),
    [
        (ElementType.ELEMENT_TYPE_FLOAT64, 0.0),
        (ElementType.ELEMENT_TYPE_FLOAT32, 2**-24),
        (ElementType.ELEMENT_TYPE_FLOAT16, 2**-11),
        (ElementType.ELEMENT_TYPE_BFLOAT16, 2**-8),
    ],
)
async def test_a_narrower_type_is_rounded_to_nearest(element_type: ElementType, tolerance: float) -> None:
    step = np.linspace(0.1, 0.9, 1001)
    model = await held({"w": np.zeros(1001)})
    trained = freeze(model, ({"w": step}, 1, {}), form(element_type=element_type))
    assert trained.payload.manifest.tensors[0].element_type == element_type
    # Half a unit in the last place of the type.
    np.testing.assert_allclose(sent(trained)["w"], step, rtol=tolerance)


async def test_int8_comes_with_the_scale_that_just_holds_each_tensor() -> None:
    step = np.linspace(-3.0, 2.0, 1001)
    model = await held({"w": np.zeros(1001), "zero": np.zeros(4)})
    trained = freeze(model, ({"w": step, "zero": np.zeros(4)}, 1, {}), form(element_type=ElementType.ELEMENT_TYPE_INT8))
    scales = [tensor.scale for tensor in trained.payload.manifest.tensors]
    assert scales == [pytest.approx(3.0 / 127), 1.0]
    np.testing.assert_allclose(sent(trained)["w"], step, atol=scales[0] / 2 * (1 + 1e-12))


async def test_what_training_does_to_its_arrays_afterwards_changes_nothing() -> None:
    arrays = {name: np.array(values) for name, values in MOVED.items()}
    trained = freeze(await held(), (arrays, 5, {}), form(WEIGHTS))
    before = trained.payload.read(0, trained.payload.size)
    for values in arrays.values():
        values[...] = 99
    assert trained.payload.read(0, trained.payload.size) == before


async def test_training_in_place_on_the_copies_gives_the_difference() -> None:
    model = await held()
    arrays = model.copies()
    for values in arrays.values():
        np.add(values, np.asarray(0.5, values.dtype), out=values)
    for values in sent(freeze(model, (arrays, 1, {}), form())).values():
        np.testing.assert_array_equal(values, 0.5)


async def test_values_that_are_not_finite_are_the_servers_to_judge() -> None:
    arrays = {**MOVED, "b": np.array([np.nan, np.inf])}
    found = sent(freeze(await held(), (arrays, 1, {}), form()))
    assert np.isnan(found["b"][0])
    assert found["b"][1] == np.inf


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda arrays: arrays.pop("b"), "tensor 'b' is missing"),
        (lambda arrays: arrays.update(x=np.ones(1)), "tensor 'x' is none of the model's"),
        (lambda arrays: arrays.update(b=np.ones(3)), r"'b' has the shape \[3\], the model's has \[2\]"),
        (lambda arrays: arrays.update(b=np.array(["a", "b"])), "'b' is of <U1, must be floating point"),
    ],
)
async def test_arrays_that_are_not_the_models_are_refused_by_name(change: Any, words: str) -> None:
    arrays = dict(MOVED)
    change(arrays)
    with pytest.raises(ValueError, match=words):
        freeze(await held(), (arrays, 1, {}), form())


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (None, r"must return \(arrays, num_examples, metrics\), not NoneType"),
        ((MOVED, 1), "not tuple"),
        ((MOVED, 0, {}), "num_examples is 0, must be a whole number of at least 1"),
        ((MOVED, 1.5, {}), "num_examples is 1.5"),
    ],
)
async def test_what_is_no_result_of_training_is_refused(result: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        freeze(await held(), result, form())


def test_what_is_no_result_of_an_evaluation_is_refused_and_numbers_become_plain() -> None:
    with pytest.raises(ValueError, match=r"must return \(num_examples, metrics\)"):
        measured(7, 2)
    assert measured((np.int64(7), {"loss": np.float32(0.5)}), 2) == (7, {"loss": 0.5})


async def test_the_claim_names_everything_and_is_signed() -> None:
    model = await held()
    trained = freeze(model, (MOVED, 5, {"loss": 0.5}), form())
    update = signed(KEYS["alice"], "uid-1", ALICE, 9, model.ref, DELTA, trained)
    claim = pb.UpdateClaim.FromString(update.begin.claim)
    assert (claim.federation_uid, claim.participant, claim.round, claim.kind) == ("uid-1", ALICE, 9, DELTA)
    assert (claim.model, claim.payload_sha256, claim.num_examples) == (model.ref, trained.sha256, 5)
    assert dict(claim.metrics) == {"loss": 0.5}
    assert claim.manifest_sha256 == hashlib.sha256(update.begin.manifest).digest()
    KEYS["alice"].public_key().verify(update.begin.signature, update_message(update.begin.claim))


async def test_a_large_update_lies_in_a_file_that_nobody_else_sees(tmp_path: Path) -> None:
    large = UpdateForm(DELTA, OWN, 0, tmp_path)
    trained = freeze(await held(), (MOVED, 5, {}), large)
    assert entries(tmp_path) == []
    assert payload_bytes(trained.payload.manifest) == trained.payload.size
    for values in sent(trained).values():
        np.testing.assert_array_equal(values, 0.125)
