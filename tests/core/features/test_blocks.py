import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.features import blocks
from mfn_grpc.core.features.blocks import double_blocks, row_ranges
from tests.core.features.oracles import Precision


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 500))
def test_ranges_cover_every_row_once_and_none_is_larger_than_allowed_or_a_row(rows: int, cols: int, cells: int) -> None:
    ranges = list(row_ranges((rows, cols), cells))
    assert [row for first, last in ranges for row in range(first, last)] == list(range(rows))
    assert all((last - first) * cols <= max(cells, cols) for first, last in ranges)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_blocks_are_the_field_in_double_precision(dtype: Precision, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_CELLS", 30)
    field = np.random.default_rng(0).normal(size=(10, 8)).astype(dtype)
    copies = [block.copy() for block in double_blocks(field)]
    assert [len(block) for block in copies] == [3, 3, 3, 1]
    assert copies[0].dtype == np.float64
    np.testing.assert_array_equal(np.concatenate(copies), field)
