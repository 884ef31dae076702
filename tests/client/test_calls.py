"""Unary requests: splitting of batches, and answers that do not fit."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mfn_client import InvalidArgument, Ion, StreamCorrupted
from mfn_client._calls import NernstBatch, UnaryCall, goldman, goldman_current, nernst
from mfn_client._messages import MESSAGE_BYTES
from mfn_grpc.arrays import AnyArray, from_array, to_array
from mfn_grpc.v1 import electrochemistry_pb2 as electro
from mfn_grpc.v1.types_pb2 import Array


def answered(call: UnaryCall[AnyArray]) -> AnyArray:
    """What a server would say that returns z * c_out + c_in - T, which no two points share."""
    request = call.request
    assert isinstance(request, electro.ComputeNernstBatchRequest)
    assert request.ByteSize() <= MESSAGE_BYTES
    z, out, inside, kelvin = (
        from_array(getattr(request, name)).astype(np.float64)
        for name in ("z_valence", "concentration_out_molar", "concentration_in_molar", "temperature_k")
    )
    answer = electro.ComputeNernstBatchResponse(potential_mv=to_array(z * out + inside - kelvin))
    assert answer.ByteSize() <= MESSAGE_BYTES
    return call.decode(answer)


@pytest.mark.parametrize(
    ("z", "out", "inside"),
    [
        (1, np.arange(1.0, 5.0), 0.1),
        (np.array([[1], [2]]), np.arange(1.0, 4.0), 0.1),
        (np.ones(700_000, int), np.arange(700_000.0), np.arange(700_000.0)[::-1]),
        (-1, np.arange(900.0)[:, None], np.arange(900.0)),
        (2, 0.1, np.linspace(0, 1, 1_000_001, dtype=np.float32)),
        (1, 1.0, 2.0),
        (1, np.empty((0, 3)), 1.0),
    ],
)
def test_a_batch_of_any_size_is_computed_point_by_point(z: Any, out: Any, inside: Any) -> None:
    batch = NernstBatch.of(z, out, inside, 310.0)
    joined = batch.joined([answered(call) for call in batch.calls()])
    expected = np.asarray(z) * np.asarray(out) + np.asarray(inside, np.float64) - 310.0
    np.testing.assert_array_equal(joined, expected)
    assert joined.dtype == np.float64


def test_small_batches_are_one_call_and_large_ones_as_few_as_fit() -> None:
    assert len(list(NernstBatch.of(1, np.ones(1000), 0.1, 310.0).calls())) == 1
    large = NernstBatch.of(1, np.ones(10**6), np.ones(10**6), 310.0)
    assert len(list(large.calls())) == 4


def test_inputs_that_do_not_broadcast_are_refused_with_their_shapes() -> None:
    with pytest.raises(InvalidArgument, match=r"concentration_out_molar \[3\]"):
        NernstBatch.of(np.ones(2), np.ones(3), 1.0, 310.0)


def test_inputs_that_are_not_numbers_are_all_named() -> None:
    with pytest.raises(InvalidArgument) as caught:
        list(NernstBatch.of("K", 1j, 1.0, 310.0).calls())
    assert [each.field for each in caught.value.violations] == ["z_valence", "concentration_out_molar"]


def test_whole_concentrations_travel_as_floats_and_valences_as_bytes() -> None:
    (call,) = NernstBatch.of([1, 2], [5, 6], [1, 1], 310).calls()
    request = call.request
    assert isinstance(request, electro.ComputeNernstBatchRequest)
    assert from_array(request.z_valence).dtype == np.int8
    assert from_array(request.concentration_out_molar).dtype == np.float64
    assert from_array(request.temperature_k).dtype == np.float64


def test_a_damaged_or_short_answer_is_not_taken() -> None:
    batch = NernstBatch.of(1, np.ones(3), 1.0, 310.0)
    (call,) = batch.calls()
    with pytest.raises(StreamCorrupted, match="damaged array"):
        call.decode(electro.ComputeNernstBatchResponse(potential_mv=Array(shape=[3])))
    with pytest.raises(StreamCorrupted, match="2 potentials came"):
        batch.joined([np.ones(2)])


def test_ions_are_sent_field_by_field() -> None:
    potassium = Ion(1, 0.5, 0.005, 0.14, "K")
    expected = electro.Ion(
        z_valence=1, permeability=0.5, concentration_out_molar=0.005, concentration_in_molar=0.14, name="K"
    )
    assert goldman([potassium], 300.0).request == electro.ComputeGoldmanRequest(ions=[expected], temperature_k=300.0)
    request = goldman_current(potassium, -70.0, 300.0).request
    assert request == electro.ComputeGoldmanCurrentRequest(
        ion=expected, membrane_potential_mv=-70.0, temperature_k=300.0
    )


def test_values_of_the_wrong_kind_are_all_named_before_anything_is_sent() -> None:
    with pytest.raises(InvalidArgument) as caught:
        nernst(1.5, "x", 0.1, 310.0)  # type: ignore[arg-type]  # wrong on purpose
    assert [each.field for each in caught.value.violations] == ["z_valence", "concentration_out_molar"]
    with pytest.raises(InvalidArgument) as caught:
        goldman([Ion(1, 1.0, 0.1, 0.1), Ion(2**40, 1.0, 0.1, 0.1)], 310.0)
    assert caught.value.violations[0].field == "ions[1].z_valence"


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: goldman([("K", 1, 0.005, 0.14)], 310.0), "ions[0]"),  # type: ignore[list-item]  # wrong on purpose
        (lambda: goldman(Ion(1, 1.0, 0.1, 0.1), 310.0), "ions"),  # type: ignore[arg-type]  # wrong on purpose
        (lambda: goldman_current((1, 1.0), -70.0, 310.0), "ion"),  # type: ignore[arg-type]  # wrong on purpose
    ],
    ids=["a tuple", "no list", "the only ion"],
)
def test_what_is_no_ion_is_told_what_one_is(call: Callable[[], object], field: str) -> None:
    with pytest.raises(InvalidArgument, match=r"Ion\(z_valence, permeability") as caught:
        call()
    assert [each.field for each in caught.value.violations] == [field]
