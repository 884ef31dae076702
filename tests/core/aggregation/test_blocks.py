from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.aggregation.blocks import CACHE_LINE, aligned_zeros


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (3, 16), (100, 512), (7, 1001)])
def test_what_is_made_begins_at_a_cache_line_and_holds_zeros(dtype: Any, shape: tuple[int, int]) -> None:
    # Several at once: one alone may begin at a line by chance.
    made = [aligned_zeros(*shape, np.dtype(dtype)) for _ in range(8)]
    assert {array.ctypes.data % CACHE_LINE for array in made} == {0}
    for array in made:
        assert (array.shape, array.dtype, array.flags.c_contiguous) == (shape, dtype, True)
        assert not array.any()
