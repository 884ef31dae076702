"""The 18 features of one field."""

import math
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mfn_grpc.core.bands import above
from mfn_grpc.core.features import FEATURE_NAMES, History, Measured, Thresholds, measure
from mfn_grpc.core.pieces import finish
from tests.core.features.oracles import (
    CHANGES,
    DIMENSIONS,
    Array,
    Precision,
    all_but_dimensions,
    assert_features,
    assert_same_bits,
    undefined_names,
)

REST = -70.0
SHAPE_FEATURES = "v_skew", "v_kurt"
SIZE_FEATURES = "max_cluster_size", "cluster_size_std"


def measured(field: Array, thresholds: Thresholds | None = None) -> Measured:
    return finish(measure(field, None, thresholds or Thresholds()))


def hand_built() -> Array:
    """10 x 12 cells at rest, and above it: a block of 6 at -55, an L of 4 at -45, 2 diagonal cells at -35."""
    field = np.full((10, 12), REST)
    field[1:3, 1:4] = -55.0
    field[5:8, 2] = field[7, 3] = -45.0
    field[4, 8] = field[5, 9] = -35.0
    return field


def sierpinski(levels: int) -> Array:
    """Pascal's triangle modulo 2, as a field whose odd entries are active."""
    rows, cols = np.indices((2**levels, 2**levels))
    return np.where(rows & cols, REST, -30.0)


def test_a_field_built_by_hand_has_the_features_counted_by_hand() -> None:
    found = measured(hand_built()).features
    assert found.n_clusters_low == 4  # the block, the L and two cells that touch at a corner only
    assert found.n_clusters_med == 3
    assert found.n_clusters_high == 2
    assert found.f_active == 6 / 120
    assert found.max_cluster_size == 4
    assert found.cluster_size_std == pytest.approx(math.sqrt(2), rel=1e-15)  # of 4, 1, 1 about their mean 2
    assert (found.v_min, found.v_max) == (-70.0, -35.0)
    assert found.v_mean == pytest.approx(-70 + (6 * 15 + 4 * 25 + 2 * 35) / 120, rel=1e-15)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(1, 2), (1, 7), (9, 1), (13, 29), (40, 33)])
def test_one_field_has_the_features_of_plain_loops(shape: tuple[int, int], dtype: Precision) -> None:
    field = np.random.default_rng(6).normal(-52, 8, shape).astype(dtype)
    assert_features(measured(field), all_but_dimensions(field[None], Thresholds()))


def test_the_dimension_is_that_of_the_active_cells() -> None:
    found = measured(sierpinski(8)).features
    assert found.d_box == pytest.approx(math.log(3) / math.log(2), rel=0.01)  # of the set itself, within a per cent
    assert found.d_r2 > 0.999


def test_cells_at_a_threshold_are_not_above_it() -> None:
    field = np.array([[-60.0, -50.0, -40.0], [-59.9, -49.9, -39.9]])
    found = measured(field).features
    assert found.f_active == 3 / 6  # -40, -49.9 and -39.9


@pytest.mark.parametrize("level", [-60.1, -59.9, 0.1])
def test_float32_cells_are_compared_with_the_threshold_itself_not_with_its_rounding(level: float) -> None:
    nearest = np.float32(level)
    inside = finish(above(np.full((1, 1), nearest), level))
    assert bool(inside[0, 0]) == (float(nearest) > level)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (np.full((1, 1), REST), {*CHANGES, *DIMENSIONS, *SHAPE_FEATURES, *SIZE_FEATURES}),
        (np.full((1, 1), -30.0), {*CHANGES, "d_r2", *SHAPE_FEATURES}),
        (np.full((5, 3), REST), {*CHANGES, *DIMENSIONS, *SHAPE_FEATURES, *SIZE_FEATURES}),
        (np.full((64, 64), -30.0), {*CHANGES, *SHAPE_FEATURES}),
        (np.array([[REST, REST - 1]]), {*CHANGES, *DIMENSIONS, *SIZE_FEATURES}),
        (np.array([[REST, -30.0]]), {*CHANGES, "d_r2"}),
        (sierpinski(6), {*CHANGES}),
    ],
)
def test_what_is_undefined_is_nan_with_a_reason_and_the_rest_is_a_number(field: Array, expected: set[str]) -> None:
    assert set(undefined_names(measured(field))) == expected


def test_an_empty_set_has_no_clusters_no_size_and_no_dimension() -> None:
    found = measured(np.full((8, 8), REST)).features
    assert (found.f_active, found.n_clusters_low, found.n_clusters_med, found.n_clusters_high) == (0, 0, 0, 0)
    assert math.isnan(found.max_cluster_size)
    assert math.isnan(found.d_box)


def test_a_full_set_is_one_cluster_of_two_dimensions_whose_size_does_not_vary() -> None:
    found = measured(np.full((64, 64), -30.0)).features
    assert (found.f_active, found.n_clusters_low, found.n_clusters_med, found.n_clusters_high) == (1, 1, 1, 1)
    assert (found.max_cluster_size, found.cluster_size_std) == (64 * 64, 0)
    assert found.d_box == pytest.approx(2.0, abs=1e-12)


def test_a_set_of_one_cell_is_a_point() -> None:
    field = np.full((32, 32), REST)
    field[7, 9] = 0.0
    assert measured(field).features.d_box == 0.0


def test_a_history_without_steps_is_no_history() -> None:
    field = hand_built()
    assert_same_bits(finish(measure(field, History.begin(field), Thresholds())), measured(field))


@pytest.mark.filterwarnings("error")
def test_the_largest_doubles_have_features_and_warn_nobody() -> None:
    field = np.full((4, 4), 1.7e308)
    field[0, 0] = -1.7e308
    found = measured(field)
    assert not {name for name in undefined_names(found) if name.startswith("v_")}
    assert found.features.v_max == 1.7e308
    assert found.features.v_mean == pytest.approx(0.875 * 1.7e308)


def test_the_fit_of_equal_counts_explains_nothing_and_says_so() -> None:
    field = np.full((64, 64), REST)
    field[3, 5] = field[50, 60] = 0.0
    found = measured(field)
    assert found.features.d_box == 0
    (reason,) = [each.reason for each in found.undefined if each.name == "d_r2"]
    assert "whose counts differ" in reason


def test_a_large_field_comes_in_many_pieces() -> None:
    field = np.random.default_rng(0).normal(-52, 8, (2048, 2048))
    assert sum(1 for _ in measure(field, None, Thresholds())) > 20


LATTICE = arrays.arrays(
    np.float64, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(-800, -200).map(lambda n: n / 8)
)
"""Potentials in eighths of a mV: adding eighths to them and doubling them is exact."""


@given(LATTICE, st.integers(-400, 400).map(lambda n: n / 8))
def test_a_shift_of_field_and_thresholds_moves_the_values_and_nothing_else(field: Array, shift: float) -> None:
    before = measured(field).features
    after = measured(field + shift, Thresholds(*(level + shift for level in astuple(Thresholds())))).features
    moved = {"v_min", "v_max", "v_mean"}
    for name in FEATURE_NAMES:
        expected = getattr(before, name) + (shift if name in moved else 0.0)
        np.testing.assert_allclose(getattr(after, name), expected, rtol=1e-9, atol=1e-9, err_msg=name)


@given(LATTICE)
def test_a_change_of_unit_scales_what_has_a_unit_and_nothing_else(field: Array) -> None:
    before = measured(field).features
    after = measured(2 * field, Thresholds(*(2 * level for level in astuple(Thresholds())))).features
    scaled = {"v_min", "v_max", "v_mean", "v_std"}
    for name in FEATURE_NAMES:
        np.testing.assert_equal(getattr(after, name), getattr(before, name) * (2 if name in scaled else 1), name)


@given(LATTICE)
def test_turning_and_mirroring_the_field_change_no_feature_but_the_position_of_the_boxes(field: Array) -> None:
    before = measured(field).features
    for turned in (np.rot90(field), field[::-1], field.T):
        after = measured(turned).features
        for name in set(FEATURE_NAMES) - set(DIMENSIONS):
            np.testing.assert_allclose(getattr(after, name), getattr(before, name), rtol=1e-9, atol=1e-9, err_msg=name)


@given(LATTICE, st.integers(0, 6), st.integers(0, 6))
def test_where_a_pattern_lies_in_a_field_at_rest_does_not_matter(pattern: Array, down: int, right: int) -> None:
    def placed(row: int, col: int) -> Measured:
        field = np.full((16, 16), REST)
        field[row : row + pattern.shape[0], col : col + pattern.shape[1]] = pattern
        return measured(field)

    before, after = placed(0, 0), placed(down, right)
    for name in FEATURE_NAMES:
        one, other = getattr(before.features, name), getattr(after.features, name)
        np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-9, err_msg=name)


@given(LATTICE)
def test_lower_thresholds_let_at_least_as_many_cells_pass(field: Array) -> None:
    assert measured(field, Thresholds(-70, -60, -50)).features.f_active >= measured(field).features.f_active
