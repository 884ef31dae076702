"""What features and fractals hold in memory, for admission."""

from mfn_grpc.arrays import AnyArray

MEASURING_BYTES = 24
"""For each cell while the features of a field are measured, the field aside."""
STREAMING_BYTES = 3 * 8
"""For each cell of a stream of frames: the one that arrives, the one before, and a copy where their types differ."""
ANALYSIS_BYTES = 40
"""For each cell while a field is analysed, the field aside."""


def extraction_bytes(array: AnyArray) -> int:
    """A field or a history, and what taking its features holds beside it."""
    rows, cols = (int(length) for length in array.shape[-2:])
    return array.nbytes + (STREAMING_BYTES + MEASURING_BYTES) * rows * cols


def analysis_bytes(field: AnyArray) -> int:
    """A field, and what its analysis holds beside it."""
    return field.nbytes + ANALYSIS_BYTES * field.size
