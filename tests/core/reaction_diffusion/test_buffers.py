import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.reaction_diffusion.kernels.buffers import ALIAS_BYTES, APART_BYTES, Room, apart_buffers

SHAPES = st.tuples(st.integers(2, 3), st.integers(6, 80), st.integers(6, 80))
DTYPES = st.sampled_from([np.dtype(np.float64), np.dtype(np.float32), np.dtype(np.complex128)])


@given(st.lists(st.builds(Room, SHAPES, DTYPES), min_size=2, max_size=4))
def test_buffers_are_zero_apart_and_aligned(rooms: list[Room]) -> None:
    buffers = apart_buffers(rooms)
    starts = [buffer.ctypes.data for buffer in buffers]
    offsets = [(start - starts[0]) % ALIAS_BYTES for start in starts]
    assert offsets == [APART_BYTES * place for place in range(len(rooms))]
    for place, (room, buffer) in enumerate(zip(rooms, buffers, strict=True)):
        assert not any(np.shares_memory(buffer, other) for other in buffers[:place])
        assert (buffer.shape, buffer.dtype, buffer.nbytes) == (room.shape, room.dtype, room.nbytes)
        assert buffer.flags.c_contiguous
        assert buffer.flags.aligned
        assert buffer.flags.writeable
        assert not buffer.any()
