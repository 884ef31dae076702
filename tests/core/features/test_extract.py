"""Features of arrays that a caller brings."""

import math

import numpy as np
import pytest

from mfn_grpc.core.features import Measured, Thresholds, extract_features
from mfn_grpc.core.limits import InvalidInput
from mfn_grpc.core.pieces import finish
from tests.core.features.oracles import Array, Precision, all_but_dimensions, assert_features, assert_same_bits, walk


def extracted(array: Array, thresholds: Thresholds | None = None) -> Measured:
    return finish(extract_features(array, thresholds or Thresholds()))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("steps", [1, 10, 30])
@pytest.mark.parametrize("shape", [(1, 1), (1, 8), (8, 1), (11, 14)])
def test_a_history_has_the_features_of_plain_loops(shape: tuple[int, int], steps: int, dtype: Precision) -> None:
    history = walk(shape, steps, quiet_after=5).astype(dtype)
    assert_features(extracted(history), all_but_dimensions(history, Thresholds()))


def test_a_history_of_one_field_is_that_field() -> None:
    field = walk((7, 9), 0)[0]
    assert_same_bits(extracted(field[None]), extracted(field))


def test_the_values_and_sets_are_those_of_the_last_field() -> None:
    history = walk((7, 9), 5)
    last, whole = extracted(history[-1]).features, extracted(history).features
    for name in ("d_box", "v_min", "v_kurt", "f_active", "n_clusters_low", "cluster_size_std"):
        assert getattr(whole, name) == getattr(last, name)
    assert math.isnan(last.dv_mean)
    assert whole.dv_mean > 0


def test_views_and_arrays_that_may_not_be_written_are_read() -> None:
    history = walk((8, 8), 6)
    expected = extracted(history[::2, 1:5, ::2].copy())
    history.flags.writeable = False
    assert_same_bits(extracted(history[::2, 1:5, ::2]), expected)


SOUND = np.zeros((2, 3, 4))


def with_values(*values: float) -> Array:
    array = SOUND.copy()
    array[1, 1, : len(values)] = values
    return array


@pytest.mark.parametrize(
    ("array", "faulty"),
    [
        (np.zeros(4), ["array.shape"]),
        (np.zeros(()), ["array.shape"]),
        (np.zeros((1, 2, 3, 4)), ["array.shape"]),
        (np.zeros((0, 4)), ["array.shape[0]"]),
        (np.zeros((0, 0)), ["array.shape[0]", "array.shape[1]"]),
        (np.zeros((0, 3, 4)), ["array.shape[0]"]),
        (np.zeros((0, 0, 4097)), ["array.shape[0]", "array.shape[1]", "array.shape[2]"]),
        (np.zeros((1, 4097)), ["array.shape[1]"]),
        (np.zeros((3, 4), int), ["array.element_type"]),
        (np.zeros((3, 4), bool), ["array.element_type"]),
        (np.zeros((3, 4), np.float16), ["array.element_type"]),
        (np.zeros((3, 4), complex), ["array.element_type"]),
        (np.zeros((3, 4), object), ["array.element_type"]),
        (np.zeros((3, 4), np.dtype(">f8")), ["array.element_type"]),
        (np.zeros((0,), int), ["array.element_type", "array.shape"]),
        (with_values(math.nan), ["array.data"]),
        (with_values(math.inf, -math.inf), ["array.data"]),
    ],
)
def test_every_fault_of_an_array_is_named_beside_those_of_the_thresholds(array: Array, faulty: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        extracted(array)
    assert [violation.field for violation in caught.value.violations] == faulty
    with pytest.raises(InvalidInput) as caught:
        extracted(array, Thresholds(1.0, 0.0, math.inf))
    assert [violation.field for violation in caught.value.violations] == [*faulty, "options.thresholds[2]"]


def test_values_that_are_not_finite_are_counted_and_the_first_is_shown() -> None:
    with pytest.raises(InvalidInput, match=r"holds 2 that are not finite, the first at \[1, 1, 0\], must hold finite"):
        extracted(with_values(math.nan, math.inf))
    with pytest.raises(InvalidInput, match=r"the first at \[1, 0\]"):
        extracted(with_values(math.nan)[1])


def test_a_fault_beyond_the_first_block_is_found_where_it_is() -> None:
    field = np.zeros((600, 300), np.float32)
    field[577, 123] = np.inf
    with pytest.raises(InvalidInput, match=r"holds 1 that are not finite, the first at \[577, 123\]"):
        extracted(field)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [1e-300, 1e30, 1e154, 1.7e308])
def test_whatever_is_finite_has_defined_results_and_warns_nobody(scale: float) -> None:
    rng = np.random.default_rng(8)
    measured = extracted(rng.uniform(-1, 1, (12, 6, 5)) * scale)
    found = measured.features.as_array()
    assert int(np.isnan(found).sum()) == len(measured.undefined)
    assert not np.isinf(found).any()
