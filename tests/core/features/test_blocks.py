import numpy as np
import pytest

from mfn_grpc.core.features import blocks
from mfn_grpc.core.features.blocks import double_blocks
from tests.core.features.oracles import Precision


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_blocks_are_the_field_in_double_precision(dtype: Precision, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_CELLS", 30)
    field = np.random.default_rng(0).normal(size=(10, 8)).astype(dtype)
    copies = [block.copy() for block in double_blocks(field)]
    assert [len(block) for block in copies] == [3, 3, 3, 1]
    assert copies[0].dtype == np.float64
    np.testing.assert_array_equal(np.concatenate(copies), field)
