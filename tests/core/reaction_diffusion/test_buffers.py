import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.reaction_diffusion.kernels.buffers import ALIAS_BYTES, APART_BYTES, paired_buffers


@given(
    st.tuples(st.integers(2, 3), st.integers(6, 80), st.integers(6, 80)),
    st.sampled_from([np.dtype(np.float64), np.dtype(np.float32)]),
)
def test_the_two_buffers_are_zero_apart_and_aligned(shape: tuple[int, int, int], dtype: np.dtype[np.float64]) -> None:
    front, back = paired_buffers(shape, dtype)
    assert (back.ctypes.data - front.ctypes.data) % ALIAS_BYTES == APART_BYTES
    assert not np.shares_memory(front, back)
    for buffer in (front, back):
        assert buffer.shape == shape
        assert buffer.dtype == dtype
        assert buffer.flags.c_contiguous
        assert buffer.flags.aligned
        assert buffer.flags.writeable
        assert not buffer.any()
