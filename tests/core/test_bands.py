import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.bands import bands, below_zero, converted, marked, not_finite
from mfn_grpc.core.pieces import finish


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 500))
def test_bands_cover_every_row_once_and_none_is_larger_than_allowed_or_a_row(rows: int, cols: int, cells: int) -> None:
    found = list(bands((rows, cols), cells))
    assert [row for band in found for row in range(band.start, band.stop)] == list(range(rows))
    heights = [band.stop - band.start for band in found]
    assert all(height * cols <= max(cells, cols) for height in heights)
    assert heights == sorted(heights, reverse=True)


@pytest.mark.parametrize("turned", [False, True])
def test_a_copy_in_another_type_holds_the_same_values_and_is_contiguous(turned: bool) -> None:
    field = np.random.default_rng(0).random((3000, 2000)) < 0.5
    field = field.T if turned else field
    copy = finish(converted(field, np.float64))
    assert copy.dtype == np.float64
    assert copy.flags.c_contiguous
    assert np.array_equal(copy, field)
    # Of 2^21 cells a piece.
    assert sum(1 for _ in converted(field, np.float64)) == 3


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.02, 0.5]))
def test_marked_cells_are_counted_and_the_first_in_reading_order_is_named(
    rows: int, cols: int, seed: int, share: float
) -> None:
    field = np.random.default_rng(seed).random((rows, cols)) - share
    negative = [(row, col) for row in range(rows) for col in range(cols) if field[row, col] < 0]
    found = finish(marked(field, below_zero))
    assert found == (len(negative), negative[0] if negative else None)


def test_the_first_marked_cell_is_named_by_its_row_in_the_field_not_in_its_band() -> None:
    field = np.zeros((3000, 1000))
    field[2500, 7] = field[2999, 0] = np.nan
    field[2800, 3] = -np.inf
    assert finish(marked(field, not_finite)) == (3, (2500, 7))
    # Of 2^21 cells a piece.
    assert sum(1 for _ in marked(field, not_finite)) == 2
